// Which broadcasts this address has had, kept beyond the process: a tab that is loaded anew is told again what it missed, and not
// what it had.

import type { Clock } from '../ports/clock.ts'
import type { Store } from '../ports/store.ts'
import type { Router } from '../routing/router.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import type { BroadcastRows } from '../wire/gossip-control.ts'
import { awaitedMs } from './broadcast-limits.ts'

const scope = 'heard/'
const version = 1
/** A page may be loaded anew at any moment: what is delivered is kept soon, and what is delivered in this time together. */
const keepAfterMs = 10
/** A store that does not answer holds up nobody for longer. */
const recallMs = 1_000
/** Longer than anything comes again. */
const forgetAfterMs: number = 2 * awaitedMs

export class DeliveredBroadcasts {
  readonly #clock: Clock
  readonly #store: Store
  readonly #router: Router
  #cancel: (() => void) | undefined
  /** A write is under way, and something was delivered since it began. */
  #writing = false
  #unkept = false
  #closed = false

  constructor(clock: Clock, store: Store, router: Router) {
    this.#clock = clock
    this.#store = store
    this.#router = router
  }

  /** What an earlier process of this address had; before anybody can tell it again. */
  async recall(): Promise<void> {
    let stop: (() => void) | undefined
    const tooLate = new Promise<void>((resolve) => {
      stop = this.#clock.setTimer(recallMs, resolve)
    })
    await Promise.race([this.#recall().catch(() => {}), tooLate])
    stop?.()
  }

  /** Something was delivered. */
  changed(): void {
    if (this.#closed) return
    this.#unkept = true
    if (!this.#writing) this.#cancel ??= this.#clock.setTimer(keepAfterMs, () => void this.#keep())
  }

  close(): void {
    this.#cancel?.()
    if (this.#unkept && !this.#closed) void this.#write()
    this.#closed = true
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

  /** One write after another, however slow the store is. */
  async #keep(): Promise<void> {
    this.#cancel = undefined
    this.#writing = true
    await this.#write()
    this.#writing = false
    if (this.#unkept) this.changed()
  }

  /** A store that fails costs no more than that something may be told twice. */
  async #write(): Promise<void> {
    this.#unkept = false
    try {
      await this.#store.set(scope + this.#router.address, encode(this.#clock.wallTime(), this.#router.deliveredBroadcasts()))
    } catch {
      // As above.
    }
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
