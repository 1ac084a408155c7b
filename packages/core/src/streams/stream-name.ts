import { utf8Length } from '../bytes/utf8-length.ts'
import { MeshError } from '../errors/mesh-error.ts'

const streamNameBytesMax = 100

/** Throws INVALID_OPTION. */
export function checkStreamName(name: unknown): void {
  if (typeof name !== 'string' || name === '' || name.startsWith('$') || utf8Length(name) > streamNameBytesMax) {
    throw new MeshError('INVALID_OPTION', `the name of a stream is 1 to ${streamNameBytesMax} bytes of text and does not start with '$'`)
  }
}
