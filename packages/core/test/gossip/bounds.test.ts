import { describe, expect, it } from 'vitest'
import { run } from '../../src/async/awaitable.ts'
import { idKey } from '../../src/gossip/broadcast-key.ts'
import { BroadcastStore, type KeptBroadcast } from '../../src/gossip/broadcast-store.ts'
import { DeliveryOrder } from '../../src/gossip/delivery-order.ts'
import type { GossipNeighbour } from '../../src/gossip/gossip-neighbour.ts'
import { DoubtedDates } from '../../src/gossip/doubted-dates.ts'
import {
  clocksKnownMax,
  doubtedMax,
  doubtedOfOneMax,
  gapWaitMs,
  graftAfterMs,
  heldBackMax,
  historiesMax,
  historyPiecesMax,
  keptBytesMax,
  keptMax,
  keptMs,
  lazyIdsMax,
  missingMax,
  missingOfOneMax,
  ownTreesMax,
  receiptsWaitingMax,
  rememberedMax,
} from '../../src/gossip/gossip-limits.ts'
import { Histories, History } from '../../src/gossip/history.ts'
import { LazyNews } from '../../src/gossip/lazy-news.ts'
import { MissingBroadcasts } from '../../src/gossip/missing.ts'
import { Receipts } from '../../src/gossip/receipts.ts'
import { Trees } from '../../src/gossip/trees.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto, toyKeyPair } from '../../src/testing/toy-crypto.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { signReceipt } from '../../src/identity/receipt-proof.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { BroadcastId, GossipMessage } from '../../src/wire/gossip-control.ts'

function idOf(counter: number, origin = 'ka', epoch = 7): BroadcastId {
  return { origin, epoch, fleeting: false, counter }
}

function kept(counter: number, { origin = 'ka', bytes = 100, saidAt = 0 } = {}): KeptBroadcast {
  const id = idOf(counter, origin)
  return { id, key: idKey(id), tree: '', packet: new Uint8Array(bytes), hops: 1, from: 'kb', repaired: false, saidAt }
}

function neighbour(address = 'kb'): GossipNeighbour & { readonly told: GossipMessage[] } {
  const told: GossipMessage[] = []
  const link = { roundTripMs: 40, full: false, sendPacket: () => true, sendControl: (message: GossipMessage) => void told.push(message) }
  return { address, told, link }
}

describe('LM broadcasts that are kept', () => {
  const bounds = { keptMs, countMax: keptMax, bytesMax: keptBytesMax }

  it('LM above keptMax the oldest of the origin that has most of them goes', () => {
    const store = new BroadcastStore(bounds)
    store.add(kept(1, { origin: 'quiet' }))
    for (let counter = 1; counter <= keptMax + 50; counter += 1) store.add(kept(counter, { origin: 'loud' }))
    expect(store.size).toBe(keptMax)
    expect(store.has(kept(1, { origin: 'quiet' }).key)).toBe(true)
    expect(store.has(kept(51, { origin: 'loud' }).key)).toBe(false)
    expect(store.has(kept(52, { origin: 'loud' }).key)).toBe(true)
  })

  it('LM one that is larger than all of it is kept alone; what was cleared is kept of nobody', () => {
    const store = new BroadcastStore({ ...bounds, bytesMax: 10 })
    for (const counter of [1, 2]) store.add(kept(counter, { bytes: 100 }))
    expect([store.size, store.has(kept(2).key), store.keepsOf('ka')]).toEqual([1, true, true])
    store.clear()
    expect([store.size, store.bytes, store.keepsOf('ka')]).toEqual([0, 0, false])
  })

  it('MP5 the lowest of one life is that of no other', () => {
    const store = new BroadcastStore(bounds)
    for (const [counter, origin] of [
      [3, 'ka'],
      [1, 'kb'],
      [2, 'ka'],
      [4, 'ka'],
    ] as const)
      store.add(kept(counter, { origin }))
    expect([store.lowestOf('ka 7'), store.lowestOf('kb 7'), store.lowestOf('kc 7')]).toEqual([2, 1, undefined])
  })

  it('LM above keptBytesMax too, and after keptMs all go', () => {
    const store = new BroadcastStore(bounds)
    for (let counter = 1; counter <= 300; counter += 1) store.add(kept(counter, { bytes: 16_000 }))
    expect(store.bytes).toBeLessThanOrEqual(keptBytesMax)
    expect(store.size).toBe(Math.floor(keptBytesMax / 16_000))
    store.expire(keptMs)
    expect(store.size).toBeGreaterThan(0)
    store.expire(keptMs + 1)
    expect([store.size, store.bytes]).toEqual([0, 0])
  })
})

describe('LM what was had of an origin', () => {
  it('LM above historiesMax the life that was silent longest is forgotten', () => {
    const histories = new Histories()
    for (let epoch = 0; epoch < historiesMax; epoch += 1) histories.heard(idOf(1, 'ka', epoch), epoch).add(1)
    histories.heard(idOf(1, 'ka', 0), 9_000)
    histories.heard(idOf(1, 'kb', 0), 9_000).add(1)
    expect(histories.size).toBe(historiesMax)
    expect(histories.get(idOf(1, 'ka', 0))?.has(1)).toBe(true)
    expect(histories.get(idOf(1, 'ka', 1))).toBeUndefined()
  })

  it('LM rememberedMax lives are for the next process, the latest ones, and come back as they were', () => {
    const histories = new Histories()
    for (let epoch = 0; epoch < 2 * rememberedMax; epoch += 1) {
      const history = histories.heard(idOf(1, 'ka', epoch), epoch)
      for (const counter of [1, 2, 5]) history.add(counter)
      history.next = 3
    }
    const rows = histories.deliveredSince(10, rememberedMax)
    expect([rows.length, rows.at(-1)]).toMatchObject([
      rememberedMax,
      { origin: 'ka', epoch: 2 * rememberedMax - 1, ranges: [{ start: 1, end: 3 }] },
    ])
    const again = new History()
    again.restore(rows[0]!.ranges)
    expect([again.has(2), again.has(5), again.next]).toEqual([true, false, 3])
  })

  it('PY-13 what could not be had any more was not delivered, and is told so to the next process', () => {
    const history = new History()
    history.add(2)
    history.skipTo(4)
    history.add(5)
    history.next = 6
    const ranges = [
      { start: 2, end: 3 },
      { start: 5, end: 6 },
    ]
    expect([history.has(3), history.delivered]).toEqual([true, ranges])
    const again = new History()
    again.restore(ranges)
    expect([again.has(2), again.has(3), again.next, again.delivered]).toEqual([true, false, 6, ranges])
  })

  it('LM of more than historyPiecesMax pieces of an earlier process none of what is in the lowest comes again', () => {
    const pieces = Array.from({ length: historyPiecesMax + 1 }, (_, at) => ({ start: 2 * at + 1, end: 2 * at + 2 }))
    const again = new History()
    again.restore(pieces)
    expect([again.has(1), again.has(2), again.has(4)]).toEqual([true, true, false])
  })

  it('LM of more than historyPiecesMax pieces that were never had the lowest are forgotten, and count as had', () => {
    const history = new History()
    for (let piece = 1; piece <= 2 * historyPiecesMax; piece += 1) {
      history.add(2 * piece)
      history.skipTo(2 * piece)
    }
    history.next = 4 * historyPiecesMax + 1
    expect([history.delivered.length, history.base]).toEqual([historyPiecesMax + 1, 4 * historyPiecesMax])
    // What is had directly above what was skipped is part of it.
    history.add(4 * historyPiecesMax + 3)
    history.skipTo(4 * historyPiecesMax + 2)
    expect(history.base).toBe(4 * historyPiecesMax + 3)
  })

  it('LM above historyPiecesMax the lowest gap counts as lost', () => {
    const history = new History()
    for (let piece = 1; piece <= historyPiecesMax; piece += 1) history.add(piece * 2)
    expect(history.has(1)).toBe(false)
    history.add((historyPiecesMax + 1) * 2)
    expect(history.has(1)).toBe(true)
    expect(history.gaps()[0]).toEqual({ start: 3, end: 4 })
  })
})

describe('LM what is heard of and not here', () => {
  it('LM missingOfOneMax of one neighbour, missingMax of all, and nothing stays', () => {
    const clock = new VirtualClock()
    const missing = new MissingBroadcasts<GossipNeighbour>(clock, { isNeighbour: () => true, grafted: () => {} })
    const liar = neighbour('liar')
    for (let counter = 1; counter <= 10_000; counter += 1)
      missing.heard(liar, { ...idOf(counter), ownTree: false, repaired: false, heldMs: 1 }, false)
    expect(missing.size).toBe(missingOfOneMax)
    for (let other = 0; other < 10; other += 1) {
      const one = neighbour(`k${other}`)
      for (let counter = 1; counter <= 1_000; counter += 1)
        missing.heard(one, { ...idOf(counter, one.address), ownTree: false, repaired: false, heldMs: 1 }, false)
    }
    expect(missing.size).toBe(missingMax)
    clock.runFor(graftAfterMs + 5_000)
    expect(missing.size).toBe(0)
    expect(liar.told.length).toBeLessThan(10)
  })

  it('LM lazyIdsMax ids wait for a lazy link', () => {
    const clock = new VirtualClock()
    const lazy = new LazyNews<GossipNeighbour>(clock)
    const one = neighbour()
    for (let counter = 1; counter <= 3 * lazyIdsMax; counter += 1)
      lazy.add(one, { ...idOf(counter), ownTree: false, repaired: false, cameAt: 0 })
    clock.runFor(1_000)
    const ids = one.told.flatMap((message) => (message.type === 'have' ? message.ids : []))
    expect(ids.length).toBe(lazyIdsMax)
    expect(ids.at(-1)?.counter).toBe(3 * lazyIdsMax)
  })

  it('LM heldBackMax wait for earlier ones; one more, and the gap is passed', () => {
    const clock = new VirtualClock()
    const order = new DeliveryOrder(clock)
    const history = new History()
    const delivered: number[] = []
    for (let counter = 2; counter <= heldBackMax + 1; counter += 1)
      order.take(idOf(counter), { history, floor: 0, late: false, deliver: () => void delivered.push(counter) })
    expect([order.held, delivered.length]).toEqual([heldBackMax, 0])
    order.take(idOf(heldBackMax + 2), { history, floor: 0, late: false, deliver: () => void delivered.push(heldBackMax + 2) })
    expect([order.held, delivered.length]).toEqual([0, heldBackMax + 1])
    expect(delivered).toEqual(delivered.toSorted((a, b) => a - b))
    // What comes later than that comes late, not never; and what waits does not wait for ever.
    order.take(idOf(1), { history, floor: 0, late: false, deliver: () => void delivered.push(1) })
    expect(delivered.at(-1)).toBe(1)
    order.take(idOf(9_000), { history, floor: 0, late: false, deliver: () => void delivered.push(9_000) })
    clock.runFor(gapWaitMs)
    expect(delivered.at(-1)).toBe(9_000)
  })

  it('LM receiptsWaitingMax receipts wait to be passed on', () => {
    const clock = new VirtualClock()
    const crypto = toyCrypto(new SeededDice(1))
    const next = neighbour('next')
    const identity = { address: 'here', network: wireNetwork('default'), crypto, keyPair: toyKeyPair(new Uint8Array(32)) }
    const receipts = new Receipts<GossipNeighbour>(identity, clock, {
      nextHop: () => next,
      record: () => undefined,
      whenProven: () => {},
      taken: () => {},
      fault: () => {},
    })
    for (let from = 0; from < receiptsWaitingMax + 1_000; from += 1) {
      const signed = run(signReceipt({ from: `k${from}`, rows: { ...idOf(1), ranges: [{ start: 1, end: 2 }] } }, identity))
      if (signed instanceof Promise) throw new TypeError('the toy crypto answers at once')
      receipts.receive(neighbour(`n${from}`), [Uint8Array.of(9, ...signed)])
    }
    expect(receipts.waiting).toBe(receiptsWaitingMax)
    clock.runFor(200)
    expect(receipts.waiting).toBe(0)
    const passed = next.told.flatMap((message) => (message.type === 'receipts' ? message.receipts : []))
    expect([passed.length, passed[0]?.[0]]).toEqual([receiptsWaitingMax, 8])
    // One neighbour hands over a bounded number of them, and what has crossed enough links is dropped.
    const flood = Array.from({ length: 9_000 }, () => passed[0]!)
    const faults: string[] = []
    const strict = new Receipts<GossipNeighbour>(identity, clock, {
      nextHop: () => next,
      record: () => undefined,
      whenProven: () => {},
      taken: () => {},
      fault: (code) => void faults.push(code),
    })
    strict.receive(neighbour(), [Uint8Array.of(1, ...passed[0]!.subarray(1))])
    expect(strict.waiting).toBe(0)
    const flooder = neighbour('flood')
    strict.receive(flooder, flood)
    expect([strict.waiting, faults]).toEqual([1, ['QUEUE_FULL']])
    strict.receive(flooder, flood.slice(0, 1))
    strict.leave(flooder)
    strict.receive(flooder, flood.slice(0, 1))
    expect(faults).toEqual(['QUEUE_FULL', 'QUEUE_FULL'])
    strict.stop()
    expect([strict.waiting, clock.waiting]).toEqual([0, 0])
  })

  it('LM doubtedMax origins are asked what time it is there, doubtedOfOneMax broadcasts wait for it, clocksKnownMax answers are remembered', async () => {
    const clock = new VirtualClock()
    const dates = new DoubtedDates(clock, new SeededDice(3))
    let asked = 0
    let given = 0
    dates.question = (address) => {
      asked += 1
      return Promise.resolve(address === 'silent' ? undefined : clock.wallTime() + 5_000)
    }
    const ask = (origin: string): void => dates.ask(idOf(1, origin), { known: () => {}, giveUp: () => void (given += 1) })
    for (let origin = 0; origin < doubtedMax + 10; origin += 1) ask(`k${origin}`)
    expect(given).toBe(10)
    for (let count = 0; count < doubtedOfOneMax + 10; count += 1) ask('k0')
    expect(given).toBe(10 + 11)
    await clock.advance(2_000)
    expect([asked, dates.aheadMs(idOf(1, 'k1'))]).toEqual([doubtedMax, 5_000])
    for (let origin = 0; origin < clocksKnownMax; origin += 1) {
      ask(`l${origin}`)
      await clock.advance(1_000)
    }
    expect([dates.aheadMs(idOf(1, 'k1')), dates.aheadMs(idOf(1, `l${clocksKnownMax - 1}`))]).toEqual([0, 5_000])
    given = 0
    ask('silent')
    await clock.advance(2_000)
    expect(given).toBe(1)
    ask('another')
    dates.stop()
    expect(clock.waiting).toBe(0)
  })

  it('LM ownTreesMax senders have a tree of their own; for more the shared one serves', () => {
    const trees = new Trees<string>()
    trees.join('kb', 0)
    for (let tree = 0; tree < ownTreesMax + 10; tree += 1) trees.use(`k${tree}`, `k${tree}`, 0)
    expect(trees.ownCount).toBe(ownTreesMax)
    const beyond = `k${ownTreesMax + 1}`
    trees.setLazy('', 'kb')
    expect([trees.isEager(beyond, 'kb'), trees.isEager('k0', 'kb')]).toEqual([false, true])
    trees.tick(100_000)
    expect(trees.ownCount).toBe(0)
  })
})
