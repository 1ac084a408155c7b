import type { Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import type { Destination } from '../routing/routing-types.ts'
import { peerOf, type Peer, type PeerState } from './peer.ts'

/** Rows that a page can still show. Routing goes on beyond it: `peer(address)` asks the router then. */
export const peersMax = 500
/** A tab that reloads or a phone that changes its network is back sooner; later it is a ghost. */
export const unreachableMs = 30_000

interface Row {
  last: Destination
  state: PeerState
  told: string
  cancelGone: (() => void) | undefined
}

export interface PeersOptions {
  readonly clock: Clock
  /** Something that people see of a peer changed; not its cost or round trip. */
  changed(peer: Peer): void
}

/**
 * Who is here: the picture that routing gives, kept a little longer than the route, so that a peer that comes back
 * is the same one and a peer that does not is told as gone once.
 */
export class Peers implements ReadonlyMap<Address, Peer> {
  readonly #clock: Clock
  readonly #changed: (peer: Peer) => void
  readonly #rows = new Map<Address, Row>()
  #router: Router | undefined

  constructor({ clock, changed }: PeersOptions) {
    this.#clock = clock
    this.#changed = changed
  }

  attach(router: Router): void {
    this.#router = router
  }

  /** Looks again at one address; called whenever routing says that something about it changed. */
  refresh(address: string): void {
    const router = this.#router
    if (!router || address === router.address) return
    const destination = router.destination(address)
    if (destination) this.#reachable(address as Address, destination)
    else this.#lost(address as Address)
  }

  /** One peer; beyond `peersMax` still as long as a route exists. */
  peer(address: string): Peer | undefined {
    const destination = address === this.#router?.address ? undefined : this.#router?.destination(address)
    if (destination) return peerOf(destination, 'active')
    const row = this.#rows.get(address as Address)
    return row && peerOf(row.last, row.state)
  }

  /** Stops the timers and forgets everybody. */
  close(): void {
    for (const row of this.#rows.values()) row.cancelGone?.()
    this.#rows.clear()
    this.#router = undefined
  }

  get size(): number {
    return this.#rows.size
  }

  get [Symbol.toStringTag](): string {
    return 'Peers'
  }

  get(address: Address): Peer | undefined {
    return this.#rows.has(address) ? this.peer(address) : undefined
  }

  has(address: Address): boolean {
    return this.#rows.has(address)
  }

  keys(): MapIterator<Address> {
    return this.#rows.keys()
  }

  *entries(): MapIterator<[Address, Peer]> {
    for (const address of [...this.#rows.keys()]) {
      const peer = this.get(address)
      if (peer) yield [address, peer]
    }
  }

  *values(): MapIterator<Peer> {
    for (const [, peer] of this.entries()) yield peer
  }

  [Symbol.iterator](): MapIterator<[Address, Peer]> {
    return this.entries()
  }

  forEach(callback: (peer: Peer, address: Address, map: ReadonlyMap<Address, Peer>) => void, thisArg?: unknown): void {
    for (const [address, peer] of this.entries()) callback.call(thisArg, peer, address, this)
  }

  #reachable(address: Address, destination: Destination): void {
    let row = this.#rows.get(address)
    if (!row) {
      if (this.#rows.size >= peersMax && !this.#forgetOneLost()) return
      row = { last: destination, state: 'active', told: '', cancelGone: undefined }
      this.#rows.set(address, row)
    }
    row.cancelGone?.()
    row.cancelGone = undefined
    row.last = destination
    row.state = 'active'
    this.#tell(row)
  }

  #lost(address: Address): void {
    const row = this.#rows.get(address)
    if (!row || row.state !== 'active') return
    row.state = 'unreachable'
    row.cancelGone = this.#clock.setTimer(unreachableMs, () => this.#gone(address, row))
    this.#tell(row)
  }

  #gone(address: Address, row: Row): void {
    if (this.#rows.get(address) !== row) return
    this.#rows.delete(address)
    row.cancelGone?.()
    row.state = 'gone'
    this.#tell(row)
  }

  #forgetOneLost(): boolean {
    for (const [address, row] of this.#rows) {
      if (row.state === 'active') continue
      this.#gone(address, row)
      return true
    }
    return false
  }

  #tell(row: Row): void {
    const peer = peerOf(row.last, row.state)
    const told = [peer.state, peer.name, peer.kind, peer.hops, peer.via, peer.direct, peer.verified].join('\n')
    if (told === row.told) return
    row.told = told
    this.#changed(peer)
  }
}
