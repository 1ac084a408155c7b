// Which broadcasts this address has had, kept beyond the process: a tab that is loaded anew is told again what it missed, and not
// what it had. As with messages, it is kept before the app is handed anything: a process that dies in between was told a broadcast
// and may have done nothing with it, but none is handed out twice.

import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Router } from '../routing/router.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import type { BroadcastRows } from '../wire/gossip-control.ts'
import { awaitedMs, unkeptMax } from './broadcast-limits.ts'

const scope = 'heard/'
const version = 1
/** A store that does not answer holds up what was said for so long, and a start for so long. */
const keepMs = 1_000
const recallMs = 5_000
/** Longer than anything comes again. */
const forgetAfterMs: number = 2 * awaitedMs

export class DeliveredBroadcasts {
  readonly #clock: Clock
  readonly #store: Store
  readonly #router: Router
  /** What the app is handed when it is kept that it was, in this order. */
  #waiting: (() => void)[] = []
  #writing = false
  #closed = false

  constructor(clock: Clock, store: Store, router: Router) {
    this.#clock = clock
    this.#store = store
    this.#router = router
  }

  /** What an earlier process of this address had; before anybody can tell it again. */
  recall(): Promise<void> {
    return this.#inTime(this.#recall(), recallMs)
  }

  /** `hand` hands out what counts as delivered from now on. */
  keepBefore(hand: () => void): void {
    this.#waiting.push(hand)
    if (this.#waiting.length > unkeptMax || this.#closed) this.#handOut(this.#waiting.length)
    else if (!this.#writing) void this.#keep()
  }

  /** What waits is handed out. */
  close(): void {
    this.#closed = true
    this.#handOut(this.#waiting.length)
  }

  async #recall(): Promise<void> {
    const now = this.#clock.wallTime()
    const old: string[] = []
    for (const [key, value] of await this.#store.list(scope)) {
      const kept = decode(value)
      if (!kept || Math.abs(now - kept.at) > forgetAfterMs) old.push(key)
      else if (key === scope + this.#router.address) this.#router.recallBroadcasts(kept.rows)
    }
    if (old.length > 0) await this.#store.delete(old)
  }

  /** One write after another, however slow the store is; what comes meanwhile is in the next one. */
  async #keep(): Promise<void> {
    this.#writing = true
    while (this.#waiting.length > 0) {
      const last = this.#waiting.at(-1)
      await this.#inTime(this.#write(), keepMs)
      // Above its bound it was emptied meanwhile.
      this.#handOut(this.#waiting.lastIndexOf(last!) + 1)
    }
    this.#writing = false
  }

  #handOut(count: number): void {
    for (const hand of this.#waiting.splice(0, count)) hand()
  }

  async #write(): Promise<void> {
    await this.#store.set(scope + this.#router.address, encode(this.#clock.wallTime(), this.#router.deliveredBroadcasts()))
  }

  /** A store that fails costs no more than that something may be told twice. */
  async #inTime(work: Promise<void>, waitMs: number): Promise<void> {
    let stop: (() => void) | undefined
    const tooLate = new Promise<void>((resolve) => {
      stop = this.#clock.setTimer(waitMs, resolve)
    })
    await Promise.race([work.catch(() => {}), tooLate])
    stop?.()
  }
}

function encode(at: number, rows: readonly BroadcastRows[]): Uint8Array {
  const writer = new ByteWriter(64 + 64 * rows.length).u8(version).u48(Math.max(0, Math.floor(at)))
  for (const { origin, epoch, ranges } of rows) {
    writer.string(origin).u32(epoch).varint(ranges.length)
    for (const { start, end } of ranges) writer.u32(start).u32(end)
  }
  return writer.finish()
}

function decode(bytes: Uint8Array): { readonly at: number; readonly rows: BroadcastRows[] } | undefined {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== version) return undefined
  const at = reader.u48()
  const rows: BroadcastRows[] = []
  while (reader.remaining > 0) {
    const origin = reader.string()
    const epoch = reader.u32()
    const count = reader.varint()
    const ranges: { start: number; end: number }[] = []
    for (let range = 0; range < count && !reader.failed; range += 1) ranges.push({ start: reader.u32(), end: reader.u32() })
    rows.push({ origin, epoch, fleeting: false, ranges })
  }
  return reader.failed ? undefined : { at, rows }
}
