// Brings letters to the members that they are for: a lane for each member, in the order in which they were sent, to the tab that was
// meant or else to the nearest one that is there. What is not answered is tried again: when routing says that somebody is there, and
// after growing waits. Whoever gets a letter twice takes it once.

import { asMeshError } from '../async/operations.ts'
import { Backoff } from '../async/backoff.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import { whoPart } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Compression } from '../ports/compression.ts'
import type { Dice } from '../ports/dice.ts'
import { nearestFirst } from '../routing/nearest-first.ts'
import type { Router } from '../routing/router.ts'
import type { Destination } from '../routing/routing-types.ts'
import { RemoteError } from '../calls/remote-error.ts'
import type { Requests } from '../calls/requests.ts'
import type { Letter } from './letter.ts'
import { deflateBytesMin, deflateCapability, squeeze } from './squeezed-message.ts'

/** Of one lane, sent and not answered; the next ones wait. One letter of any size is always on its way. */
export const underwayMax = 256
export const underwayBytesMax = 4_194_304
/** A session finds out within this whether its peer is there; a long message takes longer. */
const answerMs = 40_000
const bytesPerMs = 16
const retryFirstMs = 500
const retryMostMs = 60_000
/** Nothing that is tried again would end otherwise. */
const finalCodes: readonly string[] = ['INVALID_OPTION', 'NOT_A_MEMBER', 'NO_HANDLER', 'NO_SERVICE', 'TOO_LARGE', 'WIRE_FAULT']

export interface DeliveriesOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly compression?: Compression | undefined
  readonly requests: Requests
  /** The service that takes letters. */
  readonly service: string
  /** Addresses of a `who` that routing was not told of. Never rejects. */
  far(who: string): Promise<readonly string[]>
  /** The library there has it, or refused it for good. */
  settled(letter: Letter, error: MeshError | undefined): void
}

interface Target {
  readonly address: string
  /** Of the process that is there now. */
  readonly startedAt?: number | undefined
  readonly capabilities?: readonly string[] | undefined
}

interface Attempt {
  readonly letter: Letter
  readonly address: string
  /** Of the process that it was sent to. */
  readonly startedAt: number | undefined
  readonly abort: AbortController
}

interface Lane {
  readonly who: string
  /** Tabs that can be reached, as far as it was told. */
  readonly addresses: Set<string>
  readonly waiting: Letter[]
  readonly underway: Map<Letter, Attempt>
  readonly backoff: Backoff
  cancelRetry: (() => void) | undefined
}

export class Deliveries {
  readonly #options: DeliveriesOptions
  readonly #lanes = new Map<string, Lane>()
  #router: Router | undefined
  #forget: (() => void) | undefined

  constructor(options: DeliveriesOptions) {
    this.#options = options
  }

  attach(router: Router): void {
    this.#router = router
    this.#forget = router.on('destination', ({ address }) => this.#moved(address))
    for (const lane of this.#lanes.values()) {
      for (const { address } of router.routes()) if (whoPart(address) === lane.who) lane.addresses.add(address)
      this.#pump(lane)
    }
  }

  begin(letter: Letter): void {
    const lane = this.#laneOf(letter.who)
    insert(lane.waiting, letter)
    this.#pump(lane)
  }

  /** Is it at least being tried? */
  isUnderway(letter: Letter): boolean {
    return this.#lanes.get(letter.who)?.underway.has(letter) === true
  }

  cancel(letter: Letter): void {
    const lane = this.#lanes.get(letter.who)
    if (!lane) return
    const at = lane.waiting.indexOf(letter)
    if (at >= 0) lane.waiting.splice(at, 1)
    const attempt = lane.underway.get(letter)
    lane.underway.delete(letter)
    attempt?.abort.abort()
    this.#pump(lane)
  }

  close(): void {
    this.#forget?.()
    this.#router = undefined
    for (const lane of this.#lanes.values()) {
      lane.cancelRetry?.()
      for (const { abort } of lane.underway.values()) abort.abort()
    }
    this.#lanes.clear()
  }

  #laneOf(who: string): Lane {
    const known = this.#lanes.get(who)
    if (known) return known
    const { dice } = this.#options
    const lane: Lane = {
      who,
      addresses: new Set(this.#router?.routes().flatMap(({ address }) => (whoPart(address) === who ? [address] : []))),
      waiting: [],
      underway: new Map(),
      backoff: new Backoff(dice, { firstMs: retryFirstMs, mostMs: retryMostMs }),
      cancelRetry: undefined,
    }
    this.#lanes.set(who, lane)
    return lane
  }

  /** Routing says that something about this address is different now. */
  #moved(address: string): void {
    const lane = this.#lanes.get(whoPart(address))
    if (!lane) return
    const known = lane.addresses.has(address)
    const destination = this.#destination(address)
    if (destination) lane.addresses.add(address)
    else lane.addresses.delete(address)
    if (destination && !known) this.#again(lane)
    // Another process has the address now, or the tab is gone and another one is there: what it was told is told anew.
    for (const { letter, abort, ...asked } of lane.underway.values()) {
      const other = destination && asked.address === address && destination.startedAt !== asked.startedAt
      if (!other && (lane.addresses.has(asked.address) || lane.addresses.size === 0)) continue
      lane.underway.delete(letter)
      insert(lane.waiting, letter)
      abort.abort()
    }
    this.#pump(lane)
  }

  #again(lane: Lane): void {
    lane.backoff.reset()
    lane.cancelRetry?.()
    lane.cancelRetry = undefined
  }

  #pump(lane: Lane): void {
    const router = this.#router
    if (!router) return
    let bytes = 0
    for (const { letter } of lane.underway.values()) bytes += letter.bytes.length
    while (!lane.cancelRetry && lane.underway.size < underwayMax) {
      const [letter] = lane.waiting
      if (!letter || (lane.underway.size > 0 && bytes + letter.bytes.length > underwayBytesMax)) break
      const to = this.#choose(lane, letter, router)
      // A leaf is not told of everybody: what is not in its tables may be reached all the same, and one letter finds it out.
      if (!to && lane.underway.size > 0) break
      if (!to) this.#seek(lane)
      lane.waiting.shift()
      bytes += letter.bytes.length
      this.#attempt(lane, letter, to ?? (letter.address === undefined ? undefined : { address: letter.address, startedAt: undefined }))
    }
    if (lane.waiting.length === 0 && lane.underway.size === 0 && this.#lanes.get(lane.who) === lane) {
      lane.cancelRetry?.()
      this.#lanes.delete(lane.who)
    }
  }

  #seek(lane: Lane): void {
    void this.#options.far(lane.who).then((addresses) => {
      if (this.#lanes.get(lane.who) !== lane || addresses.length === 0) return
      for (const address of addresses) lane.addresses.add(address)
      this.#again(lane)
      this.#pump(lane)
    })
  }

  #attempt(lane: Lane, letter: Letter, to: Target | undefined): void {
    const router = this.#router
    if (!to || !router) return this.#later(lane, letter)
    const { address, startedAt } = to
    const attempt: Attempt = { letter, address, startedAt, abort: new AbortController() }
    lane.underway.set(letter, attempt)
    const sent = this.#send(router, attempt, to.capabilities)
    sent.then(
      () => this.#ended(lane, attempt, undefined),
      (error: unknown) => this.#ended(lane, attempt, asMeshError(error)),
    )
  }

  /** In this turn, unless it is squeezed first. */
  #send(router: Router, attempt: Attempt, capabilities: readonly string[] = []): Promise<unknown> {
    const { compression, requests, service } = this.#options
    const { letter, address, abort } = attempt
    const timeoutMs = answerMs + letter.bytes.length / bytesPerMs
    const send = (bytes: Uint8Array): Promise<unknown> =>
      requests.send(router, { targets: [address], service, bytes, timeoutMs, signal: abort.signal })
    if (!compression || letter.bytes.length < deflateBytesMin || !capabilities.includes(deflateCapability)) return send(letter.bytes)
    return squeeze(letter.bytes, compression).then((squeezed) => send(squeezed ?? letter.bytes))
  }

  #ended(lane: Lane, attempt: Attempt, error: MeshError | undefined): void {
    const { letter } = attempt
    if (lane.underway.get(letter) !== attempt) return
    lane.underway.delete(letter)
    if (error === undefined || isFinal(error)) {
      if (error === undefined) lane.backoff.reset()
      this.#options.settled(letter, error)
    } else if (this.#router) this.#later(lane, letter)
    this.#pump(lane)
  }

  #later(lane: Lane, letter: Letter): void {
    insert(lane.waiting, letter)
    lane.cancelRetry ??= this.#options.clock.setTimer(lane.backoff.next(), () => {
      lane.cancelRetry = undefined
      this.#pump(lane)
    })
  }

  #choose(lane: Lane, { address }: Letter, router: Router): Target | undefined {
    if (address === router.address) return { address, startedAt: undefined }
    const meant = address === undefined ? undefined : this.#destination(address)
    if (meant?.kind === 'member' && !meant.silent) return meant
    const others = [...lane.addresses].flatMap((other) => this.#destination(other) ?? []).filter(({ kind }) => kind === 'member')
    return nearestFirst(others).find((other) => other.address !== router.address) ?? meant
  }

  #destination(address: string): Destination | undefined {
    return this.#router?.destination(address)
  }
}

/** Also what the library there says that it cannot read; but not that it is just closing. */
function isFinal(error: MeshError): boolean {
  if (error.code !== 'REMOTE_ERROR') return finalCodes.includes(error.code)
  return !(error.cause instanceof RemoteError && error.cause.code === 'CLOSED')
}

function insert(letters: Letter[], letter: Letter): void {
  let at = letters.length
  while (at > 0 && (letters[at - 1]?.order ?? 0) > letter.order) at -= 1
  letters.splice(at, 0, letter)
}
