// What control messages have in common, whatever they are about.

import { MeshError } from '../errors/mesh-error.ts'
import type { ByteReader, ByteWriter } from './bytes.ts'
import { linkFrameBytesMax } from './link-frame.ts'
import { textBytes } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

/** What one item may take: a link frame without its kind, the Noise tag and the item's own length. */
export const controlItemBytesMax: number = linkFrameBytesMax - 1 - 16 - 3
/** Rows of one message. */
export const routeEntriesMax = 4_096
export const addressBytesMax = 100

export const malformedControl: WireFault = new WireFault('bad-value', 'a control message that cannot be read')

/** Throws INVALID_OPTION. */
export function writeAddress(writer: ByteWriter, address: string): ByteWriter {
  const bytes = textBytes(address)
  if (bytes === 0 || bytes > addressBytesMax) {
    throw new MeshError('INVALID_OPTION', `An address takes 1 … ${addressBytesMax} bytes, not ${bytes}.`)
  }
  return writer.string(address)
}

/** '' is no address: the reader then counts as failed. */
export function readAddress(reader: ByteReader): string {
  const length = reader.u8()
  if (length === 0 || length > addressBytesMax) reader.fail()
  return reader.text(length)
}
