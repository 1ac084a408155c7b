import type { Steps } from '../async/awaitable.ts'
import { broadcastHolds, openBroadcast, readBroadcast, type Broadcast, type BroadcastFrame } from '../identity/broadcast-proof.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import { keysBehind, type NetworkKeyring } from '../identity/network-key.ts'
import { isKeyed, type WireNetwork } from '../identity/wire-network.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { BroadcastId } from '../wire/gossip-control.ts'
import { encodeMeshPacket, hopLimitStart, type MeshPacketHeader } from '../wire/mesh-packet.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import { decodePacket } from '../wire/packet-codec.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import { idKey } from './broadcast-key.ts'
import { clockSlackMs, keptMs } from './gossip-limits.ts'
import { sharedTree } from './trees.ts'

/** A broadcast that came in, as far as it can be read; nothing of it is proven. */
export interface Incoming {
  readonly id: BroadcastId
  readonly key: string
  readonly tree: string
  readonly aln: DecodedPacket
  readonly bytes: Uint8Array
  readonly header: MeshPacketHeader
  readonly data: Uint8Array
  readonly said: Broadcast
  readonly hops: number
  /** It was asked for because it was missed, … */
  readonly late: boolean
  /** … and is so old, as who told it says. */
  readonly ageMs: number
  readonly handedOverBy: string
}

export interface ProvenBroadcast {
  readonly tree: string
  /** What was said before it and up to this number cannot be had any more. */
  readonly floor: number
  /** Undefined: not for this node. */
  readonly body: Uint8Array | undefined
}

/** What of its origin's record a broadcast is held against. */
export type BroadcastSigner = Pick<MemberRecord, 'network' | 'publicKey'>

export interface ProverIdentity {
  readonly network: WireNetwork
  readonly crypto: Crypto
  readonly keyring?: NetworkKeyring | undefined
  readonly kind: 'member' | 'relay' | 'named'
}

export function readIncoming(header: MeshPacketHeader, bytes: Uint8Array, handedOverBy: string): Incoming | WireFault {
  const aln = decodePacket(bytes, header.alnOffset)
  if (isWireFault(aln)) return aln
  const data = aln.data ?? new Uint8Array(0)
  const said = readBroadcast(data)
  if (isWireFault(said)) return said
  const hopLimit = Math.max(0, Math.min(header.hopLimit, hopLimitStart) - 1)
  const id = { origin: header.source, epoch: said.epoch, fleeting: said.fleeting, counter: said.counter }
  return {
    id,
    key: idKey(id),
    tree: said.ownTree ? header.source : sharedTree,
    aln,
    bytes,
    header,
    data,
    said,
    hops: hopLimitStart - hopLimit,
    late: header.ageS !== undefined,
    ageMs: Math.min(header.ageS ?? 0, keptMs / 1_000) * 1_000,
    handedOverBy,
  }
}

/** A copy of the mesh packet as it is passed on, one link further, and as news. */
export function passedOn({ bytes, header, hops }: Incoming): Uint8Array {
  const hopLimit = hopLimitStart - hops
  if (!isLate(header)) {
    const copy = bytes.slice()
    copy[0] = hopLimit
    return copy
  }
  return encodeMeshPacket({ hopLimit, broadcast: true }, bytes.subarray(header.alnOffset)).slice()
}

function isLate({ ageS }: MeshPacketHeader): boolean {
  return ageS !== undefined
}

export class BroadcastProver {
  readonly #identity: ProverIdentity
  readonly #wallTime: () => number
  readonly #fault: (code: string, message: string) => void

  constructor(identity: ProverIdentity, wallTime: () => number, fault: (code: string, message: string) => void) {
    this.#identity = identity
    this.#wallTime = wallTime
    this.#fault = fault
  }

  /** Undefined, and counted: its origin did not say this. 'stale': not in this window, if its clock is so much ahead. */
  *prove(
    { id, aln, data, said, handedOverBy }: Incoming,
    record: BroadcastSigner,
    aheadMs: number,
  ): Steps<ProvenBroadcast | 'stale' | undefined> {
    const { crypto, network } = this.#identity
    const frame: BroadcastFrame = { network: record.network, origin: id.origin, service: aln.service ?? '' }
    const what = `a broadcast of ${id.origin} that ${handedOverBy} hands over`
    if (isKeyed(network) && said.salt === undefined) return this.#refuse('wrong-key', `${what} is not sealed`)
    if (!(yield* broadcastHolds(frame, data, { publicKey: record.publicKey, crypto }))) return this.#refuse('bad-signature', what)
    if (!this.#isOfNow(said, aheadMs)) return 'stale'
    const floor = said.counter - 1 - said.before
    return { tree: said.ownTree ? id.origin : sharedTree, floor, body: yield* this.#opened(frame, said) }
  }

  /** A relay keeps and passes on; who was there and who was not is for members to say, by their clocks. */
  #isOfNow({ saidAt }: Broadcast, aheadMs: number): boolean {
    return this.#identity.kind === 'relay' || Math.abs(this.#wallTime() + aheadMs - saidAt) <= keptMs + clockSlackMs
  }

  /** Undefined: not for this node. A relay passes on what it cannot read. */
  *#opened(frame: BroadcastFrame, said: Broadcast): Steps<Uint8Array | undefined> {
    if (said.salt === undefined) return said.body
    const { crypto, keyring } = this.#identity
    if (keyring === undefined) return undefined
    const keys = keysBehind(keyring, frame.network.keyHash)
    const body = keys && (yield* openBroadcast(frame, said, { keys, crypto }))
    if (body === undefined) this.#fault('wrong-key', `a broadcast of ${frame.origin} does not open`)
    return body
  }

  #refuse(code: string, message: string): undefined {
    this.#fault(code, message)
  }
}
