import { MeshError } from '../errors/mesh-error.ts'
import { Backoff } from '../async/backoff.ts'
import { hexOf } from '../bytes/hex-of.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Settle } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import { Attempt } from './attempt.ts'
import type { PeerDialer } from './peer-dialer.ts'
import type { AttemptSignal, Signal } from './signal-codec.ts'

const attemptIdBytes = 8
/** A `want` that got lost is said again. */
const wantEveryMs = 2_000
const wantsPerTry = 4
/** Tries for somebody who waits in `connect`; then it is time to tell. */
const triesMax = 3
const triedLinesMax = 12
/** From the greeting to the moment when routing has taken the new link up; longer only where another path is better. */
const settleMs = 2_000

export interface NegotiationOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly router: Router
  readonly address: string
  readonly dialer: PeerDialer
  send(signal: Signal): void
  /** A number that grows with each attempt of this process. */
  nextNumber(): number
  /** This attempt is over: its late signals are to be dropped. */
  attemptEnded(id: string): void
  /** Nobody wants anything of it any more. `failure`: the link did not come. */
  finished(outcome: { readonly failure: 'none' | 'failed' | 'busy' }): void
}

/**
 * Everything between this node and one other until they have a direct link. Both may want it at the same time: the
 * smaller address makes the offers, the other one asks for them, so there is one attempt and no glare.
 */
export class Negotiation {
  readonly tried: string[] = []
  /** Wanted by the mesh itself, to have enough links. */
  automatic = false
  readonly #options: NegotiationOptions
  readonly #initiator: boolean
  readonly #waiters = new Set<Settle<void>>()
  readonly #backoff: Backoff
  #attempt: Attempt | undefined
  #wantId: string | undefined
  #wants = 0
  #tries = 0
  #cancelTimer: (() => void) | undefined
  #over = false

  constructor(options: NegotiationOptions) {
    this.#options = options
    this.#initiator = options.router.address < options.address
    this.#backoff = new Backoff(options.dice, { firstMs: 500, mostMs: 4_000 })
  }

  /** Somebody here asked for the link. */
  get wanted(): boolean {
    return this.automatic || this.#waiters.size > 0
  }

  get initiator(): boolean {
    return this.#initiator
  }

  /** Keeps on trying for `waiter`; the returned function gives its interest up. */
  await(waiter: Settle<void>): () => void {
    this.#waiters.add(waiter)
    this.pursue()
    return () => {
      this.#waiters.delete(waiter)
      // With a channel in greeting the link is as good as there, and the other side may want it.
      if (!this.wanted && !this.#attempt?.hasChannel) this.#finish('none', 'nobody waits for it any more')
    }
  }

  /** Does the next thing that brings the link nearer, unless something is under way. */
  pursue(): void {
    if (this.#over || this.#attempt || this.#cancelTimer) return
    if (this.#initiator) this.#dial()
    else this.#want()
  }

  /** The other side says `want`, or its attempt's first signal came. */
  answerWant(): void {
    if (this.#over || this.#attempt || !this.#initiator) return
    this.#stopTimer()
    this.#dial()
  }

  signal(signal: AttemptSignal, dialer: PeerDialer): void {
    if (this.#attempt?.id === signal.attempt) return this.#attempt.signal(signal.index, signal.data)
    if (this.#initiator || this.#over || (this.#attempt && this.#attempt.number >= signal.number)) return
    const older = this.#attempt
    this.#attempt = undefined
    if (older) {
      this.#options.attemptEnded(older.id)
      older.fail('a newer attempt took its place')
    }
    this.#stopTimer()
    this.#begin({ id: signal.attempt, number: signal.number, dialer, role: 'listener' }).signal(signal.index, signal.data)
  }

  busy(attempt: string): void {
    if (attempt !== this.#attempt?.id && attempt !== this.#wantId) return
    const error = new MeshError('BUSY', `${this.#options.address} has as many direct links as it wants`, { tried: this.tried })
    for (const waiter of [...this.#waiters]) waiter.reject(error)
    this.#finish('busy', 'busy')
  }

  cancelled(attempt: string): void {
    if (attempt === this.#attempt?.id && !this.#attempt.hasChannel) this.#attempt.fail('the other side gave the attempt up')
  }

  /** A direct link exists, however it came about. */
  succeeded(): void {
    for (const waiter of [...this.#waiters]) waiter.resolve()
    if (!this.#attempt?.hasChannel) this.#finish('none', 'a direct link came by another way')
  }

  close(): void {
    this.#finish('none', 'the mesh was closed')
  }

  #dial(): void {
    const { dice, dialer } = this.#options
    const id = hexOf(dice.bytes(attemptIdBytes))
    this.#begin({ id, number: this.#options.nextNumber(), dialer, role: 'dialer' })
  }

  #want(): void {
    const { clock, dice, send, address } = this.#options
    if (this.#wants >= wantsPerTry) {
      this.#wants = 0
      return this.#failed(`${address} did not dial within ${wantEveryMs * wantsPerTry} ms of being asked`)
    }
    this.#wants += 1
    this.#wantId ??= hexOf(dice.bytes(attemptIdBytes))
    send({ type: 'want', attempt: this.#wantId })
    this.#cancelTimer = clock.setTimer(wantEveryMs, () => {
      this.#cancelTimer = undefined
      this.pursue()
    })
  }

  #begin(start: { id: string; number: number; dialer: PeerDialer; role: 'dialer' | 'listener' }): Attempt {
    const { clock, router, address, send } = this.#options
    const { id, number, dialer } = start
    const attempt: Attempt = new Attempt({
      ...start,
      clock,
      router,
      address,
      send: (index, data) => send({ type: 'signal', attempt: id, number, index, capability: dialer.capability, data }),
      ended: (failure) => this.#attemptEnded(attempt, failure),
    })
    this.#attempt = attempt
    attempt.start()
    return attempt
  }

  #attemptEnded(attempt: Attempt, failure: string | undefined): void {
    if (this.#attempt !== attempt) return
    this.#attempt = undefined
    this.#options.attemptEnded(attempt.id)
    if (failure === undefined) return this.#linked()
    // Either side may see it first; the other would wait for the whole time of an attempt.
    this.#options.send({ type: 'cancel', attempt: attempt.id })
    this.#failed(`${attempt.role === 'dialer' ? 'dialed' : 'was dialed'}: ${failure}`)
  }

  /** The link is up. Whoever waits for it shall find it in the tables. */
  #linked(): void {
    const { clock, router, address } = this.#options
    if (router.destination(address)?.direct) return this.succeeded()
    this.#stopTimer()
    this.#cancelTimer = clock.setTimer(settleMs, () => this.succeeded())
  }

  #failed(line: string): void {
    if (this.tried.length < triedLinesMax) this.tried.push(line)
    this.#tries += 1
    if (this.#waiters.size && this.#tries >= triesMax) {
      const error = new MeshError('LINK_FAILED', `no direct link with ${this.#options.address}: ${line}`, { tried: [...this.tried] })
      for (const waiter of [...this.#waiters]) waiter.reject(error)
    }
    if (this.#over) return
    if (!this.#waiters.size) return this.#finish('failed', line)
    this.#cancelTimer = this.#options.clock.setTimer(this.#backoff.next(), () => {
      this.#cancelTimer = undefined
      this.pursue()
    })
  }

  #finish(failure: 'none' | 'failed' | 'busy', why: string): void {
    if (this.#over) return
    this.#over = true
    this.#stopTimer()
    const attempt = this.#attempt
    this.#attempt = undefined
    if (attempt) {
      this.#options.attemptEnded(attempt.id)
      attempt.fail(why)
      this.#options.send({ type: 'cancel', attempt: attempt.id })
    }
    this.#options.finished({ failure })
  }

  #stopTimer(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
