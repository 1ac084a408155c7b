import { RecentMap } from '../bytes/recent-map.ts'
import { RecentSet } from '../bytes/recent-set.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { OperationOptions, Operations } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival, Destination } from '../routing/routing-types.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import { Negotiation } from './negotiation.ts'
import type { PeerDialer } from './peer-dialer.ts'
import { decodeSignal, encodeSignal, type AttemptSignal, type Signal } from './signal-codec.ts'

export const signalService = '$mesh.signal'
/** Two attempts of 8 s and a wait between them. */
export const connectTimeoutMs = 20_000
/** Strangers can start one each: a page breaks near 500 connections. */
const negotiationsMax = 64
/** Attempts that are over, remembered so that their late signals open nothing. */
const endedMax = 256
/** Members whose newest attempt is remembered, so that an older one opens nothing. */
const newestMax = 512

export interface DirectLinksOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly operations: Operations
  readonly dialers: readonly PeerDialer[]
  /** Finds out who somebody is of whom this node was not told; may reject. */
  find(address: string): Promise<unknown>
  /** Direct member links beyond which the wishes of others are answered with BUSY. */
  readonly accept: number
}

/** How a wish of the mesh itself ended. */
export type Outcome = 'linked' | 'failed' | 'busy'

/** Direct links with members, negotiated over whatever path there is. */
export class DirectLinks {
  readonly #options: DirectLinksOptions
  readonly #router: Router
  readonly #negotiations = new Map<string, Negotiation>()
  readonly #ended = new RecentSet<string>(endedMax)
  readonly #newest = new RecentMap<string, number>(newestMax)
  /** Who wants a link, and who that is is being found out. */
  readonly #unknown = new Set<string>()
  /** Called when a negotiation that `seek` started is over. */
  onOutcome: ((address: string, outcome: Outcome) => void) | undefined
  #number = 0

  constructor(router: Router, options: DirectLinksOptions) {
    this.#router = router
    this.#options = options
    router.registerService(signalService, (packet, arrival) => this.#receive(packet, arrival), { plain: false })
  }

  /** Resolves when a link of ours ends at `address`. Rejects with LINK_FAILED, BUSY, NOT_A_MEMBER, TIMEOUT, ABORTED or CLOSED. */
  connect(address: string, options: OperationOptions = {}): Promise<void> {
    const { signal, timeoutMs = connectTimeoutMs } = options
    return this.#options.operations.run<void>({
      signal,
      timeoutMs,
      timedOut: () => {
        const tried = this.#negotiations.get(address)?.tried ?? []
        return new MeshError('TIMEOUT', `no direct link with ${address} within ${timeoutMs} ms`, { tried: [...tried] })
      },
      begin: (settle) => {
        const destination = this.#router.destination(address)
        if (destination?.direct && destination.kind === 'member') {
          settle.resolve()
          return undefined
        }
        return this.#negotiate(address, this.#dialerFor(address, destination)).await(settle)
      },
    })
  }

  /** The mesh itself wants a link; false when that cannot be. */
  seek(address: string): boolean {
    const destination = this.#router.destination(address)
    if (!destination || !this.canReach(destination) || this.#negotiations.size >= negotiationsMax) return false
    const negotiation = this.#negotiate(address, this.#dialerFor(address, destination))
    negotiation.automatic = true
    negotiation.pursue()
    return true
  }

  /** Is a direct link possible and not there? */
  canReach(destination: Destination): boolean {
    const { address, kind, capabilities } = destination
    return kind === 'member' && !this.#links().includes(address) && this.#common(capabilities) !== undefined
  }

  isNegotiating(address: string): boolean {
    return this.#negotiations.has(address)
  }

  /** Direct links with members now. */
  count(): number {
    return this.#links().length
  }

  /** Called whenever routing says that something about this address changed. */
  refresh(address: string): void {
    const destination = this.#router.destination(address)
    // Who comes back may be another process, whose numbers start elsewhere.
    if (!destination) this.#newest.delete(address)
    if (destination?.direct) this.#negotiations.get(address)?.succeeded()
  }

  close(): void {
    this.onOutcome = undefined
    for (const negotiation of [...this.#negotiations.values()]) negotiation.close()
  }

  /** Members at the other ends of our links, whether routing prefers these links or not. */
  #links(): string[] {
    const addresses = this.#router.links().flatMap(({ peer }) => (peer?.kind === 'member' ? [peer.address] : []))
    return [...new Set(addresses)]
  }

  #common(capabilities: readonly string[]): PeerDialer | undefined {
    return this.#options.dialers.find(({ capability }) => capabilities.includes(capability))
  }

  #dialerFor(address: string, destination: Destination | undefined): PeerDialer {
    if (!isMemberAddress(address) || (destination && destination.kind !== 'member')) {
      throw new MeshError('NOT_A_MEMBER', `${address} is not a member: direct links are between members`)
    }
    if (address === this.#router.address) throw new MeshError('INVALID_OPTION', 'a node needs no link to itself')
    if (!destination) throw new MeshError('NO_ROUTE', `no path to ${address} for the signals`)
    const dialer = this.#common(destination.capabilities)
    if (dialer) return dialer
    const ours = this.#options.dialers.map(({ capability }) => capability)
    const tried = [`we have: ${ours.join(', ') || 'nothing'}`, `${address} has: ${destination.capabilities.join(', ') || 'nothing'}`]
    throw new MeshError('LINK_FAILED', `no common way to make a direct link with ${address}`, { tried })
  }

  #negotiate(address: string, dialer: PeerDialer): Negotiation {
    const known = this.#negotiations.get(address)
    if (known) return known
    if (this.#negotiations.size >= negotiationsMax) throw new MeshError('BUSY', `${negotiationsMax} direct links are being made already`)
    const { clock, dice } = this.#options
    const negotiation: Negotiation = new Negotiation({
      clock,
      dice,
      router: this.#router,
      address,
      dialer,
      send: (signal) => this.#send(address, signal),
      nextNumber: () => this.#nextNumber(),
      attemptEnded: (id) => this.#ended.add(`${address} ${id}`),
      finished: ({ failure }) => this.#finished(address, negotiation, failure),
    })
    this.#negotiations.set(address, negotiation)
    return negotiation
  }

  #finished(address: string, negotiation: Negotiation, failure: 'none' | 'failed' | 'busy'): void {
    if (this.#negotiations.get(address) === negotiation) this.#negotiations.delete(address)
    if (negotiation.automatic) this.onOutcome?.(address, failure === 'none' ? 'linked' : failure)
  }

  #receive(packet: DecodedPacket, arrival: Arrival): void {
    const from = packet.srcAddr ?? ''
    const signal = decodeSignal(packet.data)
    const { log } = this.#options
    if (!signal || arrival.plain || !isMemberAddress(from) || from === this.#router.address) {
      if (log.level >= 3) log.write(3, 'signaling', `dropped a signal of ${from} that is none`)
      return
    }
    if (log.level >= 5) log.write(5, 'signaling', `${signal.type} ${signal.attempt} from ${from}`)
    if (this.#ended.has(`${from} ${signal.attempt}`)) return
    const negotiation = this.#negotiations.get(from)
    if (signal.type === 'signal') this.#receiveSignal(from, signal, negotiation)
    else if (signal.type === 'want') this.#receiveWant(from, signal, negotiation)
    else if (signal.type === 'busy') negotiation?.busy(signal.attempt)
    else negotiation?.cancelled(signal.attempt)
  }

  #receiveWant(from: string, signal: Signal, negotiation: Negotiation | undefined): void {
    const destination = this.#router.destination(from)
    if (!destination) return this.#findOut(from)
    // With a link the wish is old, or the other side lost it and we shall notice soon: it asks again.
    if (this.#router.address > from || destination.kind !== 'member' || this.#links().includes(from)) return
    const dialer = this.#common(destination.capabilities)
    if (!dialer || this.#refuse(from, signal, negotiation)) return
    this.#negotiate(from, dialer).answerWant()
  }

  /** The wish is said again; by then this node knows who it is (R14). */
  #findOut(from: string): void {
    if (this.#unknown.size >= negotiationsMax || this.#unknown.has(from)) return
    this.#unknown.add(from)
    const found = (): void => void this.#unknown.delete(from)
    this.#options.find(from).then(found, found)
  }

  #receiveSignal(from: string, signal: AttemptSignal, negotiation: Negotiation | undefined): void {
    const dialer = this.#options.dialers.find(({ capability }) => capability === signal.capability)
    // Attempts are opened by the smaller address only; anything else about an unknown one is late or a lie.
    if (!dialer || (this.#router.address < from && !negotiation) || (!negotiation && this.#refuse(from, signal, negotiation))) return
    if (!this.#isNewest(from, signal)) return
    this.#negotiate(from, dialer).signal(signal, dialer)
  }

  #refuse(from: string, signal: Signal, negotiation: Negotiation | undefined): boolean {
    if (negotiation?.wanted) return false
    if (this.#negotiations.size < negotiationsMax && this.count() < this.#options.accept) return false
    this.#send(from, { type: 'busy', attempt: signal.attempt })
    return true
  }

  /** Whether no later attempt of the other side was heard of. Our own attempts are known by their ids. */
  #isNewest(from: string, { number }: AttemptSignal): boolean {
    if (this.#router.address < from) return true
    if (number < (this.#newest.get(from) ?? 0)) return false
    this.#newest.set(from, number)
    return true
  }

  #send(address: string, signal: Signal): void {
    const error = this.#router.send({ service: signalService, destAddr: address, data: encodeSignal(signal) })
    const { log } = this.#options
    if (error && log.level >= 3) log.write(3, 'signaling', `a ${signal.type} for ${address} did not leave: ${error.code} ${error.message}`)
  }

  #nextNumber(): number {
    this.#number = Math.max(this.#number + 1, Math.floor(this.#options.clock.wallTime()))
    return this.#number
  }
}
