import { deferred } from '../async/deferred.ts'
import { abortedError, closedError } from '../async/operations.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import type { BroadcastId } from '../wire/gossip-control.ts'
import { ByteWriter } from '../wire/bytes.ts'
import { askAfterMs, askEveryMs, asksAtOnce, awaitedFromMax, awaitedMax, awaitedMs, leftAfterMs } from './broadcast-limits.ts'

/** Asks a member to say again what it has. */
export const receiptService = '$mesh.receipt'

/** Who has a broadcast and who has not: live sets for 10 minutes, and together everybody who was there or has it. */
export interface BroadcastReceipts {
  readonly delivered: ReadonlySet<Address>
  /** They can be reached, or could until lately, and have not said that they have it. */
  readonly pending: ReadonlySet<Address>
  /** They cannot be reached for 30 s, and have not said that they have it. Who comes back in time gets it, and is then `delivered`. */
  readonly left: ReadonlySet<Address>
  /** Resolves when nobody is pending any more, after 10 minutes at the latest. Rejects with ABORTED, or CLOSED. */
  readonly done: Promise<void>
}

interface Awaited extends BroadcastReceipts {
  readonly id: BroadcastId
  readonly delivered: Set<Address>
  readonly pending: Set<Address>
  readonly left: Set<Address>
  readonly since: number
  /** When a member that is pending was found unreachable. */
  readonly missedSince: Map<Address, number>
  /** `done` is settled; the sets go on to change as long as others keep the broadcast. */
  over: boolean
  /** Settles `done`. */
  finish(error?: MeshError): void
}

/** The receipts that this node waits for. */
export class ReceiptBook {
  readonly #clock: Clock
  readonly #awaited = new Set<Awaited>()
  #router: Router | undefined
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get full(): boolean {
    return this.#awaited.size >= awaitedMax && [...this.#awaited].every(({ over }) => !over)
  }

  attach(router: Router): void {
    this.#router = router
    router.takeReceipts((receipt) => this.#take(receipt))
  }

  /** From everybody who can be reached now. */
  open(id: BroadcastId, signal: AbortSignal | undefined): BroadcastReceipts {
    const done = deferred<void>()
    const abort = (): void => awaited.finish(signal && abortedError(signal))
    const awaited: Awaited = {
      id,
      delivered: new Set(),
      pending: new Set(this.#members()),
      left: new Set(),
      since: this.#clock.now(),
      missedSince: new Map(),
      done: done.promise,
      over: false,
      finish: (error) => {
        if (error) this.#awaited.delete(awaited)
        awaited.over = true
        signal?.removeEventListener('abort', abort)
        if (error) done.reject(error)
        else done.resolve()
      },
    }
    if (this.#awaited.size >= awaitedMax) for (const oldest of this.#awaited) if (oldest.over && this.#awaited.delete(oldest)) break
    this.#awaited.add(awaited)
    signal?.addEventListener('abort', abort)
    this.#review(awaited)
    this.#cancel ??= this.#clock.setTimer(askEveryMs, () => this.#look())
    const { delivered, pending, left } = awaited
    return { delivered, pending, left, done: done.promise }
  }

  close(): void {
    this.#cancel?.()
    for (const awaited of this.#awaited) awaited.finish(closedError())
  }

  *#members(): IterableIterator<Address> {
    let count = 0
    for (const { address, kind } of this.#router?.routes() ?? []) {
      if (kind === 'member' && (count += 1) <= awaitedFromMax) yield address as Address
    }
  }

  #take({ from, rows }: Receipt): void {
    const address = from as Address
    for (const awaited of this.#awaited) {
      const { id, delivered, pending, left } = awaited
      if (id.epoch !== rows.epoch || id.fleeting !== rows.fleeting) continue
      if (!rows.ranges.some(({ start, end }) => start <= id.counter && id.counter < end)) continue
      if (!pending.delete(address) && !left.delete(address) && delivered.size >= awaitedFromMax) continue
      delivered.add(address)
      this.#review(awaited)
    }
  }

  #look(): void {
    this.#cancel = undefined
    const now = this.#clock.now()
    for (const awaited of this.#awaited) {
      this.#findLeft(awaited, now)
      this.#ask(awaited, now)
      this.#review(awaited)
    }
    if (this.#awaited.size > 0) this.#cancel = this.#clock.setTimer(askEveryMs, () => this.#look())
  }

  #findLeft({ pending, left, missedSince, since }: Awaited, now: number): void {
    for (const address of pending) {
      if (this.#router?.destination(address)) missedSince.delete(address)
      else if (now - (missedSince.get(address) ?? now) >= leftAfterMs || now - since >= awaitedMs) {
        pending.delete(address)
        left.add(address)
      } else if (!missedSince.has(address)) missedSince.set(address, now)
    }
    for (const address of left) {
      if (!this.#router?.destination(address) || now - since >= awaitedMs) continue
      left.delete(address)
      missedSince.delete(address)
      pending.add(address)
    }
  }

  /** A receipt may be lost on its way. */
  #ask({ id, pending, missedSince, since }: Awaited, now: number): void {
    if (now - since < askAfterMs) return
    const asked = [...pending].filter((address) => !missedSince.has(address)).slice(0, asksAtOnce)
    const data = new ByteWriter(8)
      .u32(id.epoch)
      .u8(id.fleeting ? 1 : 0)
      .finish()
    for (const destAddr of asked) {
      this.#router?.send({ service: receiptService, destAddr, data })
      // Who does not answer makes room for the others.
      pending.delete(destAddr)
      pending.add(destAddr)
    }
  }

  #review(awaited: Awaited): void {
    const old = this.#clock.now() - awaited.since >= awaitedMs
    if (old || awaited.pending.size === 0) awaited.finish()
    if (old) this.#awaited.delete(awaited)
  }
}
