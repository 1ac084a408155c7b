// How somebody who was away, cut off or not there yet comes to have what was said meanwhile: neighbours compare sums over what
// they keep, on each new link and now and then; where the sums differ both say what they hold, and each asks for what it lacks.

import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import { TokenBucket } from '../async/token-bucket.ts'
import { encodeMeshPacket, readMeshPacket } from '../wire/mesh-packet.ts'
import type { BroadcastId, BroadcastLife, BroadcastRows, CounterRange } from '../wire/gossip-control.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { idKey } from './broadcast-key.ts'
import { idsOf, rowsOf, type BroadcastStore, type KeptBroadcast } from './broadcast-store.ts'
import {
  askedMs,
  digestEveryMs,
  digestOldestMs,
  holdsEveryMs,
  keptMax,
  lateNewsMs,
  pullsAtOnce,
  pullsPerSecond,
  serveAtOnce,
  serveBytesAtOnce,
  serveEveryMs,
  serveRetryMs,
  serveTriesMax,
} from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'

export interface CatchUpPort<N> {
  neighbours(): Iterable<N>
  /** What of these this node has not had, and wants. */
  missing(life: BroadcastLife, ranges: readonly CounterRange[]): readonly CounterRange[]
}

/** What one neighbour is being told again. Most never need any of it. */
interface Serving {
  readonly budget: TokenBucket
  readonly queue: Map<string, KeptBroadcast>
  heldAt: number
  tries: number
  cancel: (() => void) | undefined
}

export class CatchUp<N extends GossipNeighbour> {
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #store: BroadcastStore
  readonly #port: CatchUpPort<N>
  readonly #serving = new Map<N, Serving>()
  /** What somebody who holds it was asked for lately, and until when nobody else is. */
  readonly #asked = new Map<string, { readonly neighbour: N; readonly until: number }>()
  #late: { readonly id: BroadcastId; readonly from: N }[] = []
  #cancelLate: (() => void) | undefined
  #cancelDigest: (() => void) | undefined

  constructor(clock: Clock, dice: Dice, store: BroadcastStore, port: CatchUpPort<N>) {
    this.#clock = clock
    this.#dice = dice
    this.#store = store
    this.#port = port
  }

  join(neighbour: N): void {
    this.#tellDigest(neighbour)
    this.#cancelDigest ??= this.#clock.setTimer(this.#digestMs(), () => this.#compareAll())
  }

  leave(neighbour: N): void {
    this.#serving.get(neighbour)?.cancel?.()
    this.#serving.delete(neighbour)
    for (const [key, asked] of this.#asked) if (asked.neighbour === neighbour) this.#asked.delete(key)
  }

  stop(): void {
    for (const neighbour of [...this.#serving.keys()]) this.leave(neighbour)
    this.#cancelDigest?.()
    this.#cancelLate?.()
  }

  digest(neighbour: N, theirs: { readonly hash: number; readonly count: number }): void {
    const now = this.#clock.now()
    const ours = this.#store.digest(now, digestOldestMs)
    if (ours.hash === theirs.hash && ours.count === theirs.count) return
    const serving = this.#servingOf(neighbour)
    if (now - serving.heldAt < holdsEveryMs) return
    serving.heldAt = now
    // That nothing is kept here is all there is to say.
    if (ours.count === 0) neighbour.link.sendControl({ type: 'digest', ...ours })
    else this.#tellHolds(neighbour, this.#store.rows(), true)
  }

  /** A neighbour says what it holds. */
  holds(neighbour: N, rows: readonly BroadcastRows[]): void {
    const now = this.#clock.now()
    const wanted: BroadcastId[] = []
    for (const row of rows) {
      const ranges = this.#port.missing(row, row.ranges)
      for (const { key, ...id } of idsOf([{ ...row, ranges }], keptMax - wanted.length)) {
        if ((this.#asked.get(key)?.until ?? 0) <= now) wanted.push(id)
      }
    }
    // As long as all of them take to come.
    const until = now + askedMs + (wanted.length / serveAtOnce) * serveEveryMs
    for (const id of wanted) if (this.#asked.size < 4 * keptMax) this.#asked.set(idKey(id), { neighbour, until })
    this.#want(neighbour, wanted)
  }

  /** These are missing between others: whoever is given may have them. */
  ask(neighbour: N, life: BroadcastLife, ranges: readonly CounterRange[]): void {
    const { origin, epoch, fleeting } = life
    this.#want(neighbour, [...idsOf([{ origin, epoch, fleeting, ranges }], keptMax)])
  }

  /** A neighbour asks for what it missed. */
  wanted(neighbour: N, rows: readonly BroadcastRows[]): void {
    const serving = this.#servingOf(neighbour)
    for (const { key } of idsOf(rows, keptMax)) {
      const kept = this.#store.get(key)
      if (!kept || serving.queue.has(key) || serving.queue.size >= keptMax) continue
      if (serving.budget.take(1, this.#clock.now())) serving.queue.set(key, kept)
    }
    if (serving.queue.size > 0 && !serving.cancel) this.#serve(neighbour, serving)
  }

  /** A broadcast came by catching up: other neighbours may have missed it, too. */
  came(id: BroadcastId, from: N): void {
    if (this.#late.length < keptMax) this.#late.push({ id, from })
    this.#cancelLate ??= this.#clock.setTimer(lateNewsMs, () => this.#tellLate())
  }

  expire(now: number): void {
    for (const [key, { until }] of this.#asked) if (until <= now) this.#asked.delete(key)
  }

  #servingOf(neighbour: N): Serving {
    const known = this.#serving.get(neighbour)
    if (known) return known
    const serving: Serving = {
      budget: new TokenBucket(pullsPerSecond, pullsAtOnce, this.#clock.now()),
      queue: new Map(),
      heldAt: Number.NEGATIVE_INFINITY,
      tries: 0,
      cancel: undefined,
    }
    this.#serving.set(neighbour, serving)
    return serving
  }

  #want(neighbour: N, wanted: readonly BroadcastId[]): void {
    if (wanted.length > 0) neighbour.link.sendControl({ type: 'want', rows: rowsOf(wanted) })
  }

  #serve(neighbour: N, serving: Serving): void {
    serving.cancel = undefined
    const now = this.#clock.now()
    let bytes = 0
    let count = 0
    let waitMs = serveEveryMs
    for (const [key, kept] of serving.queue) {
      if (count >= serveAtOnce || bytes >= serveBytesAtOnce) break
      if (!neighbour.link.sendPacket(latePacket(kept, now))) {
        waitMs = serveRetryMs
        if ((serving.tries += 1) > serveTriesMax) serving.queue.clear()
        break
      }
      serving.queue.delete(key)
      serving.tries = 0
      bytes += kept.packet.length
      count += 1
    }
    if (serving.queue.size > 0) serving.cancel = this.#clock.setTimer(waitMs, () => this.#serve(neighbour, serving))
  }

  #tellLate(): void {
    this.#cancelLate = undefined
    const late = this.#late
    this.#late = []
    for (const neighbour of this.#port.neighbours()) {
      const ids = late.filter(({ from }) => from !== neighbour).map(({ id }) => id)
      if (ids.length > 0) this.#tellHolds(neighbour, rowsOf(ids), false)
    }
  }

  #tellHolds(neighbour: N, rows: readonly BroadcastRows[], answer: boolean): void {
    neighbour.link.sendControl({ type: 'holds', answer, rows })
  }

  #compareAll(): void {
    this.#store.expire(this.#clock.now())
    const neighbours = [...this.#port.neighbours()]
    for (const neighbour of neighbours) this.#tellDigest(neighbour)
    this.#cancelDigest = neighbours.length > 0 ? this.#clock.setTimer(this.#digestMs(), () => this.#compareAll()) : undefined
  }

  /** Where nothing is kept, there is nothing that others could lack. */
  #tellDigest({ link }: N): void {
    if (this.#store.size === 0) return
    link.sendControl({ type: 'digest', ...this.#store.digest(this.#clock.now(), digestOldestMs) })
  }

  #digestMs(): number {
    return digestEveryMs * (0.8 + 0.4 * this.#dice.random())
  }
}

/** As it was passed on, marked as told again. */
function latePacket({ packet, saidAt }: KeptBroadcast, now: number): Uint8Array {
  const header = readMeshPacket(packet)
  if (isWireFault(header)) return packet
  const ageS = Math.max(0, Math.round((now - saidAt) / 1_000))
  return encodeMeshPacket({ hopLimit: Math.max(1, header.hopLimit), broadcast: true, ageS }, packet.subarray(header.alnOffset))
}
