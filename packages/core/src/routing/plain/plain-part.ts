import { plainCodec } from '../../link/plain-codec.ts'
import { PlainEdge } from '../../plain-edge/plain-edge.ts'

/** What a router needs only beside plain ALN nodes, in one piece: a page loads it with its first device. */
export interface PlainPart {
  readonly PlainEdge: typeof PlainEdge
  readonly plainCodec: typeof plainCodec
}

export const plainPart: PlainPart = { PlainEdge, plainCodec }
