import type { MeshError } from '../errors/mesh-error.ts'
import { asMeshError } from '../async/operations.ts'
import type { SessionStream } from '../session/session-stream.ts'
import { breakCodes, thrownWords } from './stream-heads.ts'
import type { Pieces } from './stream-source.ts'

/** `done`: the peer has all of it. `enough`: it wants no more, and nothing is wrong. `source`: reading failed. `broken`: the stream did. */
export type Pumped = { readonly outcome: 'done' | 'enough' } | { readonly outcome: 'source' | 'broken'; readonly error: MeshError }

/** Writes everything that a source has, no faster than it is read at the other end. Never rejects. */
export async function pump(pieces: Pieces, stream: SessionStream): Promise<Pumped> {
  for (;;) {
    let piece: Uint8Array | undefined
    try {
      piece = await pieces.next()
    } catch (error) {
      const { code, reason } = thrownWords(error)
      stream.reset(code, reason)
      return { outcome: 'source', error: asMeshError(error) }
    }
    try {
      await (piece === undefined ? stream.end() : stream.writeOwned(piece))
    } catch (error) {
      pieces.cancel(error)
      const { sendBreak } = stream
      const isEnough = sendBreak?.by === 'peer' && sendBreak.code === breakCodes.done
      return isEnough ? { outcome: 'enough' } : { outcome: 'broken', error: asMeshError(error) }
    }
    if (piece === undefined) return { outcome: 'done' }
  }
}
