// A broadcast goes to everybody, each once: a bounded flood over the capable links. Every node on the way has the origin's
// record and drops, where it enters, what the origin did not sign (SE9); an id counts as seen only after that.

import { OrderedQueue } from '../async/ordered-queue.ts'
import { run, type Steps } from '../async/awaitable.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import {
  broadcastHolds,
  broadcastSaltBytes,
  openBroadcast,
  readBroadcast,
  signBroadcast,
  type Broadcast,
  type BroadcastFrame,
} from '../identity/broadcast-proof.ts'
import { epochOf, type MemberRecord } from '../identity/member-record.ts'
import { keysBehind } from '../identity/network-key.ts'
import { isKeyed } from '../identity/wire-network.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import { encodeMeshPacket, hopLimitStart, type MeshPacketHeader } from '../wire/mesh-packet.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { decodePacket, encodePacket } from '../wire/packet-codec.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import type { CapableIdentity } from './capable-identity.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import type { RouteExchange } from './route-exchange.ts'
import { Seen } from './seen.ts'
import { WaitingPackets } from './waiting-packets.ts'

/** Broadcasts whose copies are recognised. */
export const broadcastsSeenMax = 100_000
/** That wait for their signature to be made or verified; more are refused or dropped. */
export const broadcastsWaitingMax = 256
const counterMax = 2 ** 32 - 1

export interface BroadcastsParts {
  readonly identity: CapableIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly exchange: RouteExchange
  readonly dispatcher: Dispatcher
  /** Of this node's record as it is now. */
  epoch(): number
  fault(code: string, message: string): void
}

/** One that came in, as far as it can be read. */
interface Incoming {
  readonly neighbour: LinkNeighbour
  readonly header: MeshPacketHeader
  readonly bytes: Uint8Array
  readonly packet: DecodedPacket
  readonly data: Uint8Array
  readonly said: Broadcast
}

export class Broadcasts {
  readonly #parts: BroadcastsParts
  readonly #seen = new Seen(broadcastsSeenMax)
  readonly #waiting: WaitingPackets
  /** In the order of the calls, also where signing takes a while. */
  readonly #leaving = new OrderedQueue(broadcastsWaitingMax)
  readonly #entering = new OrderedQueue(broadcastsWaitingMax)
  readonly #salt: Uint8Array
  #counter = 0
  #stopped = false

  constructor(parts: BroadcastsParts) {
    this.#parts = parts
    this.#waiting = new WaitingPackets(parts.clock)
    this.#salt = parts.dice.bytes(broadcastSaltBytes)
  }

  /** To every member that can be reached. QUEUE_FULL: not one link takes it; TOO_LARGE, CLOSED. At once where signing is. */
  flood(packet: Packet): Awaitable<MeshError | undefined> {
    let answer: Awaitable<MeshError | undefined>
    let begun = false
    let settle: ((answer: Awaitable<MeshError | undefined>) => void) | undefined
    const taken = this.#leaving.push(() => {
      begun = true
      answer = run(this.#floodSteps(packet))
      settle?.(answer)
      return answer instanceof Promise ? answer.then(() => {}) : undefined
    })
    if (!taken) return new MeshError('QUEUE_FULL', `more than ${broadcastsWaitingMax} broadcasts wait to be signed`)
    return begun ? answer : new Promise((resolve) => (settle = resolve))
  }

  /** A copy that a neighbour handed over. */
  receive(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array): void {
    const packet = decodePacket(bytes.subarray(header.alnOffset))
    if (isWireFault(packet)) return this.#parts.fault(packet.code, `${neighbour.address}: ${packet.detail}`)
    if (!isMemberForm(header.source) || header.source === this.#parts.identity.address) return
    const data = packet.data ?? new Uint8Array(0)
    const said = readBroadcast(data)
    if (isWireFault(said)) return this.#parts.fault(said.code, `${neighbour.address}: ${said.detail}`)
    if (this.#seen.has(idOf(header.source, said))) return
    this.#proveLater({ neighbour, header, bytes, packet, data, said })
  }

  /** The record of `address` may be here now. */
  routeChanged(address: string): void {
    this.#waiting.routed(address)
  }

  stop(): void {
    this.#stopped = true
    this.#waiting.stop()
    this.#entering.clear()
  }

  *#floodSteps(packet: Packet): Steps<MeshError | undefined> {
    try {
      const { address, crypto, keyPair, network, keyring } = this.#parts.identity
      if (this.#counter >= counterMax) return new MeshError('QUEUE_FULL', 'this process has said everything that it can')
      this.#counter += 1
      const body = typeof packet.data === 'string' ? new TextEncoder().encode(packet.data) : (packet.data ?? new Uint8Array(0))
      const said = { epoch: this.#parts.epoch(), counter: this.#counter, body }
      const frame: BroadcastFrame = { network, origin: address, service: packet.service ?? '' }
      const data = yield* signBroadcast(frame, said, { crypto, keyPair, keys: keyring?.[0], salt: this.#salt })
      if (this.#stopped) return new MeshError('CLOSED', 'the router is closed')
      this.#seen.add(idOf(address, said))
      return this.#sendToAll(encodePacket({ ...packet, srcAddr: address, destAddr: undefined, nextAddr: undefined, data }))
    } catch (error) {
      // A packet that no wire can carry is found out when it is encoded; a key store may fail.
      return error instanceof MeshError
        ? error
        : new MeshError('LINK_FAILED', `a broadcast cannot be signed: ${String(error)}`, { cause: error })
    }
  }

  #sendToAll(aln: Uint8Array): MeshError | undefined {
    const bytes = encodeMeshPacket({ hopLimit: hopLimitStart, broadcast: true }, aln)
    const full: string[] = []
    let taken = 0
    for (const neighbour of this.#parts.exchange.neighbours()) {
      if (this.#sendCopy(neighbour, bytes)) taken++
      else full.push(neighbour.address)
    }
    if (taken > 0 || full.length === 0) return undefined
    return new MeshError('QUEUE_FULL', `${full[0]} does not take packets fast enough, and there is no other link`)
  }

  /** One copy of a broadcast. Nobody is told of a lost one, so it is counted here. */
  #sendCopy(neighbour: LinkNeighbour, bytes: Uint8Array): boolean {
    if (neighbour.link.sendPacket(bytes)) return true
    this.#parts.fault('QUEUE_FULL', `${neighbour.address} does not take broadcasts fast enough`)
    return false
  }

  /** Now, or when the record of its origin is here: a newcomer's first words may be faster than its proof. */
  #proveLater(incoming: Incoming): void {
    const { exchange, fault } = this.#parts
    const { source } = incoming.header
    const known = exchange.record(source)?.record
    if (known) return this.#prove(incoming, known)
    const unproven = (): void =>
      fault('UNPROVEN', `${incoming.neighbour.address} hands over a broadcast of ${source}, of whom there is no proof`)
    const again = (): void => {
      const record = exchange.record(source)?.record
      if (record) this.#prove(incoming, record)
      else unproven()
    }
    exchange.borrow(incoming.neighbour, source)
    if (!exchange.awaitsProof(source) || !this.#waiting.keep(source, again, unproven)) unproven()
  }

  #prove(incoming: Incoming, record: MemberRecord): void {
    const steps = this.#proveSteps.bind(this)
    const { fault } = this.#parts
    const taken = this.#entering.push(() => {
      const proven = run(steps(incoming, record))
      return proven instanceof Promise
        ? proven.catch((error: unknown) => fault('LINK_FAILED', `a broadcast cannot be verified: ${String(error)}`))
        : undefined
    })
    if (!taken) fault('QUEUE_FULL', `more than ${broadcastsWaitingMax} broadcasts wait to be verified`)
  }

  *#proveSteps({ neighbour, header, bytes, packet, data, said }: Incoming, record: MemberRecord): Steps<void> {
    const { fault, identity, exchange, dispatcher } = this.#parts
    const frame: BroadcastFrame = { network: record.network, origin: header.source, service: packet.service ?? '' }
    const what = `a broadcast of ${header.source} that ${neighbour.address} hands over`
    if (said.epoch < epochOf(record.seq48)) return fault('STALE', `${what} is of an earlier life`)
    if (isKeyed(identity.network) && said.salt === undefined) return fault('wrong-key', `${what} is not sealed`)
    if (!(yield* broadcastHolds(frame, data, { publicKey: record.publicKey, crypto: identity.crypto }))) return fault('bad-signature', what)
    if (this.#stopped || !this.#seen.add(idOf(header.source, said))) return
    const hopLimit = Math.min(header.hopLimit, hopLimitStart) - 1
    if (hopLimit > 0 && !exchange.isStub) {
      const copy = bytes.slice()
      copy[0] = hopLimit
      for (const other of exchange.neighbours()) if (other.address !== neighbour.address) this.#sendCopy(other, copy)
    }
    const body = yield* this.#opened(frame, said)
    if (body === undefined) return
    const hops = hopLimitStart - hopLimit
    dispatcher.deliver({ ...packet, data: body }, { via: neighbour.address, hops, verified: true, plain: false, broadcast: true })
  }

  /** Undefined: not for this node. A relay passes on what it cannot read. */
  *#opened(frame: BroadcastFrame, said: Broadcast): Steps<Uint8Array | undefined> {
    if (said.salt === undefined) return said.body
    const { crypto, keyring } = this.#parts.identity
    if (keyring === undefined) return undefined
    const keys = keysBehind(keyring, frame.network.keyHash)
    const body = keys && (yield* openBroadcast(frame, said, { keys, crypto }))
    if (body === undefined) this.#parts.fault('wrong-key', `a broadcast of ${frame.origin} does not open`)
    return body
  }
}

function idOf(origin: string, { epoch, counter }: Pick<Broadcast, 'epoch' | 'counter'>): string {
  return `${origin} ${epoch} ${counter}`
}
