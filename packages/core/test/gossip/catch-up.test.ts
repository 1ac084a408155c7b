import { beforeEach, describe, expect, it } from 'vitest'
import { idKey } from '../../src/gossip/broadcast-key.ts'
import { BroadcastStore } from '../../src/gossip/broadcast-store.ts'
import { CatchUp } from '../../src/gossip/catch-up.ts'
import {
  askedMs,
  digestEveryMs,
  digestOldestMs,
  holdsEveryMs,
  keptBytesMax,
  keptMax,
  keptMs,
  lateNewsMs,
  pullsAtOnce,
  pullsPerSecond,
  serveAtOnce,
  serveBytesAtOnce,
  serveEveryMs,
  serveRetryMs,
  serveTriesMax,
} from '../../src/gossip/gossip-limits.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { gossipIdsMax, type BroadcastId, type BroadcastRows, type CounterRange } from '../../src/wire/gossip-control.ts'
import { encodeMeshPacket, readMeshPacket, type MeshPacketHeader } from '../../src/wire/mesh-packet.ts'
import { PlayedNeighbour } from './gossip-stage.ts'

let clock: VirtualClock
let store: BroadcastStore
let catchUp: CatchUp<PlayedNeighbour>
let neighbours: Set<PlayedNeighbour>
/** What this node lacks of what it is told of. */
let lacking: (ranges: readonly CounterRange[]) => readonly CounterRange[]
let [a, b]: PlayedNeighbour[] = []

beforeEach(() => {
  clock = new VirtualClock()
  store = new BroadcastStore({ keptMs, countMax: keptMax, bytesMax: keptBytesMax })
  neighbours = new Set()
  lacking = (ranges) => ranges
  catchUp = new CatchUp(clock, new SeededDice(2), store, {
    neighbours: () => neighbours,
    missing: (_life, ranges) => lacking(ranges),
  })
  ;[a, b] = [join('a'), join('b')]
})

function join(name: string): PlayedNeighbour {
  const neighbour = new PlayedNeighbour(name)
  neighbours.add(neighbour)
  catchUp.join(neighbour)
  return neighbour
}

function keep(counter: number, { bytes = 10, origin = 'ka', hopLimit = 9 } = {}): BroadcastId {
  const id = { origin, epoch: 1, fleeting: false, counter }
  const packet = encodeMeshPacket({ hopLimit, broadcast: true }, { srcAddr: origin, service: 'news', data: new Uint8Array(bytes) }).slice()
  store.add({ id, key: idKey(id), tree: '', packet, hops: 1, from: 'kb', repaired: false, saidAt: clock.now() })
  return id
}

function rows(...ranges: readonly CounterRange[]): BroadcastRows[] {
  return [{ origin: 'ka', epoch: 1, fleeting: false, ranges }]
}

/** Counters from 1 on. */
function firstOf(count: number): BroadcastRows[] {
  return rows({ start: 1, end: count + 1 })
}

function headers(neighbour: PlayedNeighbour): MeshPacketHeader[] {
  return neighbour.takePackets().map((packet) => readMeshPacket(packet) as MeshPacketHeader)
}

describe('PY-13 neighbours that compare', () => {
  it('BC8 say nothing where nothing is kept, or nothing any more', () => {
    clock.runFor(3 * digestEveryMs)
    expect(a!.take('digest')).toEqual([])
    keep(1)
    clock.runFor(1.3 * digestEveryMs)
    expect(a!.take('digest').at(-1)).toMatchObject({ count: 1 })
    clock.runFor(keptMs)
    expect(store.size).toBe(0)
    a!.take('digest')
    clock.runFor(3 * digestEveryMs)
    expect(a!.take('digest')).toEqual([])
  })

  it('BC8 tell a new one at once, and stop when nobody is there', () => {
    keep(1)
    expect(join('c').take('digest')).toHaveLength(1)
    neighbours.clear()
    clock.runFor(2 * digestEveryMs)
    expect(clock.waiting).toBe(0)
  })

  it('BC8 do so at times that the dice draw: not all at once', () => {
    keep(1)
    const times: number[] = []
    a!.link.sendControl = ({ type }) => void (type === 'digest' && times.push(clock.now()))
    clock.runFor(20 * digestEveryMs)
    const gaps = times.slice(1).map((at, index) => (at - times[index]!) / digestEveryMs)
    expect(gaps.length).toBeGreaterThan(10)
    expect([Math.min(...gaps) < 0.95, Math.min(...gaps) >= 0.8, Math.max(...gaps) > 1.05, Math.max(...gaps) <= 1.2]).not.toContain(false)
  })

  it('BC8 answer another sum with what they hold, once a second; the same number of others is another sum', () => {
    keep(1)
    keep(2)
    const ours = store.digest(clock.now(), digestOldestMs)
    catchUp.digest(a!, ours)
    expect(a!.take('holds')).toEqual([])
    catchUp.digest(a!, { ...ours, hash: ours.hash ^ 1 })
    expect(a!.take('holds')).toEqual([{ type: 'holds', answer: true, rows: firstOf(2) }])
    clock.runFor(holdsEveryMs - 1)
    catchUp.digest(a!, { ...ours, count: 3 })
    expect(a!.take('holds')).toEqual([])
    clock.runFor(1)
    catchUp.digest(a!, { ...ours, count: 3 })
    expect(a!.take('holds')).toHaveLength(1)
  })

  it('BC8 leave out of the sum what is about to go', () => {
    keep(1)
    clock.runFor(digestOldestMs + 1)
    keep(2)
    expect(store.digest(clock.now(), digestOldestMs).count).toBe(1)
  })

  it('BC8 tell an earlier life first', () => {
    const id = keep(1)
    const later = { ...id, epoch: 2 }
    for (const each of [{ ...id, epoch: 3 }, later])
      store.add({ id: each, key: idKey(each), tree: '', packet: new Uint8Array(1), hops: 1, from: '', repaired: false, saidAt: 0 })
    expect(store.rows().map(({ epoch }) => epoch)).toEqual([1, 2, 3])
  })
})

describe('PY-13 what is missing', () => {
  it('BC8 is asked of one neighbour, and of another when it left or did not bring it in time', () => {
    catchUp.holds(a!, firstOf(4))
    catchUp.holds(b!, firstOf(4))
    expect([a!.take('want'), b!.take('want')]).toEqual([[{ type: 'want', rows: firstOf(4) }], []])
    neighbours.delete(a!)
    catchUp.leave(a!)
    catchUp.holds(b!, firstOf(4))
    expect(b!.take('want')).toHaveLength(1)
    clock.runFor(askedMs)
    catchUp.holds(b!, firstOf(4))
    expect(b!.take('want')).toEqual([])
    clock.runFor((4 / serveAtOnce) * serveEveryMs + 1)
    catchUp.holds(b!, firstOf(4))
    expect(b!.take('want')).toHaveLength(1)
  })

  it('LM BC8 is asked for keptMax at a time, however many somebody claims to hold: no more than one message tells of', () => {
    expect(keptMax).toBeLessThanOrEqual(gossipIdsMax)
    catchUp.holds(a!, rows({ start: 1, end: 2 ** 32 }))
    const asked = a!.take('want').flatMap((want) => want.rows.flatMap(({ ranges }) => ranges))
    expect(asked).toEqual([{ start: 1, end: keptMax + 1 }])
  })
})

it('LM BC8 of four times keptMax that were asked for it is known that they were, for a while', () => {
  const some = (index: number): BroadcastRows[] => rows({ start: index * keptMax + 1, end: (index + 1) * keptMax + 1 })
  for (let index = 0; index < 5; index += 1) catchUp.holds(a!, some(index))
  for (const index of [3, 4]) catchUp.holds(b!, some(index))
  expect(b!.take('want')).toEqual([{ type: 'want', rows: some(4) }])
  clock.runFor(60_000)
  catchUp.expire(clock.now())
  catchUp.holds(a!, some(5))
  catchUp.holds(b!, some(5))
  expect(b!.take('want')).toEqual([])
})

describe('PY-13 who asks', () => {
  it('BC8 gets it as news that is told again: with its age, and at the end of its way, too', () => {
    keep(1, { hopLimit: 0 })
    clock.runFor(90_400)
    catchUp.wanted(a!, firstOf(1))
    expect(headers(a!)).toMatchObject([{ ageS: 90, hopLimit: 1, broadcast: true }])
  })

  it('BC8 gets so many at a time, or so many bytes', () => {
    for (let counter = 1; counter <= 2 * serveAtOnce; counter += 1) keep(counter)
    catchUp.wanted(a!, firstOf(2 * serveAtOnce))
    catchUp.wanted(a!, rows({ start: serveAtOnce + 1, end: 2 * serveAtOnce + 1 }))
    expect(a!.takePackets()).toHaveLength(serveAtOnce)
    clock.runFor(serveEveryMs)
    expect(a!.takePackets()).toHaveLength(serveAtOnce)
    clock.runFor(10 * serveEveryMs)
    expect(a!.takePackets()).toEqual([])
    const bytes = 16_000
    for (let counter = 101; counter <= 116; counter += 1) keep(counter, { bytes })
    catchUp.wanted(b!, rows({ start: 101, end: 117 }))
    expect(b!.takePackets()).toHaveLength(Math.ceil(serveBytesAtOnce / (bytes + 50)))
  })

  it('BC8 and does not read it, is tried again for a while; who reads again gets all of it', () => {
    keep(1)
    a!.takes = false
    catchUp.wanted(a!, firstOf(1))
    clock.runFor(serveTriesMax * serveRetryMs - 1)
    a!.takes = true
    clock.runFor(1)
    expect(a!.takePackets()).toHaveLength(1)
    // Each time that it reads begins anew; who does not for so long has to ask again.
    for (let counter = 1; counter <= 3 * serveAtOnce; counter += 1) keep(counter)
    b!.takes = false
    catchUp.wanted(b!, firstOf(3 * serveAtOnce))
    for (let turn = 0; turn < 2; turn += 1) {
      clock.runFor((serveTriesMax - 1) * serveRetryMs)
      b!.takes = true
      clock.runFor(serveRetryMs)
      expect(b!.takePackets()).toHaveLength(serveAtOnce)
      b!.takes = false
      clock.runFor(serveEveryMs)
    }
    clock.runFor(serveTriesMax * serveRetryMs)
    b!.takes = true
    clock.runFor(10 * serveRetryMs)
    expect(b!.takePackets()).toEqual([])
    catchUp.wanted(b!, firstOf(1))
    expect(b!.takePackets()).toHaveLength(1)
  })

  it('LM BC8 gets pullsAtOnce at once, then pullsPerSecond; what waits for it already is not counted twice', () => {
    for (let counter = 1; counter <= keptMax; counter += 1) keep(counter)
    let got = 0
    const drain = (): void => {
      clock.runFor((keptMax / serveAtOnce) * serveEveryMs + 100)
      got += a!.takePackets().length
    }
    for (let round = 0; round < 3; round += 1) catchUp.wanted(a!, firstOf(keptMax - 100))
    drain()
    expect(got).toBe(keptMax - 100 + serveAtOnce)
    for (let round = 0; round < 5; round += 1) {
      catchUp.wanted(a!, firstOf(keptMax))
      drain()
    }
    const most = pullsAtOnce + (pullsPerSecond * clock.now()) / 1_000
    expect([got <= most, got > 5 * keptMax, got < 6 * keptMax]).not.toContain(false)
  })

  it('LM BC8 waits for keptMax at most, be they kept here no longer; and gets nothing after it left', () => {
    b!.takes = false
    for (const start of [1, keptMax + 1]) {
      for (let counter = start; counter < start + keptMax; counter += 1) keep(counter)
      catchUp.wanted(b!, rows({ start, end: start + keptMax }))
    }
    b!.takes = true
    clock.runFor((2 * keptMax * serveEveryMs) / serveAtOnce)
    expect(b!.takePackets()).toHaveLength(keptMax)
    catchUp.wanted(b!, rows({ start: keptMax + 1, end: 2 * keptMax }))
    b!.takePackets()
    catchUp.leave(b!)
    clock.runFor(1_000)
    expect(b!.takePackets()).toEqual([])
  })
})

it('LM BC8 of keptMax that were caught up with in one moment is told; the others are found by comparing', () => {
  const { origin, epoch, fleeting } = keep(1)
  for (let counter = 1; counter <= 2 * keptMax; counter += 1) catchUp.came({ origin, epoch, fleeting, counter: 2 * counter }, a!)
  clock.runFor(lateNewsMs)
  const [told] = b!.take('holds')
  expect(told?.rows[0]?.ranges.length).toBe(keptMax)
})

it('PY-13 BC8 what was caught up with is told together to the others, not to who brought it', () => {
  const [one, other] = [keep(1), keep(2)]
  catchUp.came(one, a!)
  clock.runFor(lateNewsMs / 2)
  catchUp.came(other, b!)
  clock.runFor(lateNewsMs / 2)
  expect(a!.take('holds')).toEqual([{ type: 'holds', answer: false, rows: rows({ start: 2, end: 3 }) }])
  expect(b!.take('holds')).toEqual([{ type: 'holds', answer: false, rows: rows({ start: 1, end: 2 }) }])
})

it('BC8 leaves no timer behind', () => {
  for (let counter = 1; counter <= 2 * serveAtOnce; counter += 1) keep(counter)
  catchUp.wanted(a!, firstOf(2 * serveAtOnce))
  catchUp.came(keep(100), a!)
  catchUp.stop()
  expect(clock.waiting).toBe(0)
})
