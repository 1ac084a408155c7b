import { beforeEach, describe, expect, it } from 'vitest'
import {
  gapAsksMs,
  graftAfterMs,
  graftAfterMsMax,
  graftNextMs,
  graftRepairedMs,
  heldBackMax,
  lazyBatchMs,
  lazyBusyBatchMs,
  lazyUrgentMs,
  missingSourcesMax,
  pushBusyMs,
  pushesHeldMax,
  pushHoldMsMax,
} from '../../src/gossip/gossip-limits.ts'
import { Gaps } from '../../src/gossip/gaps.ts'
import { History } from '../../src/gossip/history.ts'
import { LazyNews } from '../../src/gossip/lazy-news.ts'
import { MissingBroadcasts } from '../../src/gossip/missing.ts'
import { Pushes } from '../../src/gossip/pushes.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { gossipIdsMax, type BroadcastId } from '../../src/wire/gossip-control.ts'
import { PlayedNeighbour } from './gossip-stage.ts'

const roundTripMs = 40

function played(name: string): PlayedNeighbour {
  const neighbour = new PlayedNeighbour(name)
  neighbour.link.roundTripMs = roundTripMs
  return neighbour
}

function idOf(counter: number, origin = 'ka'): BroadcastId {
  return { origin, epoch: 1, fleeting: false, counter }
}

let clock: VirtualClock
let [a, b, c]: PlayedNeighbour[] = []

beforeEach(() => {
  clock = new VirtualClock()
  ;[a, b, c] = ['a', 'b', 'c'].map(played)
})

describe('PY-13 BC5 what others have and this node has not', () => {
  let neighbours: Set<PlayedNeighbour>
  let grafted: string[]
  let missing: MissingBroadcasts<PlayedNeighbour>

  beforeEach(() => {
    neighbours = new Set([a!, b!, c!])
    grafted = []
    missing = new MissingBroadcasts(clock, {
      isNeighbour: (neighbour) => neighbours.has(neighbour),
      grafted: (tree, { address }) => void grafted.push(`${tree} ${address}`),
    })
  })

  function hear(from: PlayedNeighbour, counter: number, { offer = false, ownTree = false, repaired = false, origin = 'ka' } = {}): void {
    missing.heard(from, { ...idOf(counter, origin), ownTree, repaired, heldMs: 0 }, offer)
  }

  function keyOf(counter: number): string {
    return `ka 1 ${counter}`
  }

  it('is asked for in its own tree, or in the shared one, which that link then brings; what is offered at once, and changes no tree', () => {
    hear(a!, 1)
    hear(a!, 2, { ownTree: true })
    hear(a!, 3, { ownTree: true, offer: true })
    clock.runFor(1)
    expect(a!.take('graft')).toEqual([{ type: 'graft', tree: 'ka', eager: false, ids: [idOf(3)] }])
    clock.runFor(graftAfterMs - 2)
    expect([a!.take('graft'), grafted]).toEqual([[], []])
    clock.runFor(1)
    expect(a!.take('graft')).toEqual([
      { type: 'graft', tree: '', eager: true, ids: [idOf(1)] },
      { type: 'graft', tree: 'ka', eager: true, ids: [idOf(2)] },
    ])
    expect(grafted).toEqual([' a', 'ka a'])
  })

  it('LM is asked for in few messages, of gossipIdsMax each', () => {
    for (let counter = 1; counter <= gossipIdsMax; counter += 1) {
      hear(b!, counter)
      hear(a!, counter)
      hear(a!, gossipIdsMax + counter)
    }
    hear(c!, 3 * gossipIdsMax)
    neighbours.delete(b!)
    clock.runFor(graftAfterMs)
    const lengths = [a!, b!, c!].map((neighbour) => neighbour.take('graft').map(({ ids }) => ids.length))
    expect(lengths).toEqual([[gossipIdsMax, gossipIdsMax], [], [1]])
  })

  it('that is only offered is asked for in another message than what was waited for', () => {
    hear(a!, 1)
    clock.setTimer(graftAfterMs, () => hear(a!, 2, { offer: true }))
    clock.runFor(graftAfterMs)
    expect(a!.take('graft').map(({ eager, ids }) => [eager, ids.map(({ counter }) => counter)])).toEqual([
      [true, [1]],
      [false, [2]],
    ])
  })

  it('is asked for at the next who has it after a round trip and a while, once of each, and of nobody who left', () => {
    for (const neighbour of [a!, b!, a!, b!, c!]) hear(neighbour, 1)
    neighbours.delete(b!)
    clock.runFor(graftAfterMs)
    expect(a!.take('graft')).toHaveLength(1)
    clock.runFor(graftNextMs + roundTripMs - 1)
    expect(c!.take('graft')).toEqual([])
    clock.runFor(1)
    expect([a!, b!, c!].map((neighbour) => neighbour.take('graft').length)).toEqual([0, 0, 1])
    clock.runFor(10_000)
    expect([a!.told, b!.told, c!.told, missing.size, clock.waiting]).toEqual([[], [], [], 0, 0])
  })

  it('LM is asked of missingSourcesMax of those who have it', () => {
    const many = Array.from({ length: 2 * missingSourcesMax }, (_, index) => played(`n${index}`))
    for (const neighbour of many) {
      neighbours.add(neighbour)
      hear(neighbour, 1)
    }
    clock.runFor(60_000)
    expect(many.filter((neighbour) => neighbour.take('graft').length > 0)).toHaveLength(missingSourcesMax)
  })

  it('that was repaired elsewhere is waited for shortly, but not again once it was asked for', () => {
    hear(a!, 1, { repaired: true })
    clock.runFor(graftRepairedMs)
    expect(a!.take('graft')).toHaveLength(1)
    hear(b!, 1, { repaired: true })
    clock.runFor(graftNextMs + roundTripMs - 1)
    expect(b!.take('graft')).toEqual([])
    clock.runFor(1)
    expect(b!.take('graft')).toHaveLength(1)
  })

  it('that is hastened is asked of the next one in its turn, no earlier', () => {
    hear(a!, 1)
    hear(b!, 1, { repaired: true })
    hear(c!, 1)
    clock.runFor(graftRepairedMs + graftNextMs + roundTripMs)
    expect([a!, b!].map((neighbour) => neighbour.take('graft').length)).toEqual([1, 1])
    clock.runFor(graftNextMs + roundTripMs - 1)
    expect(c!.take('graft')).toEqual([])
  })

  it('is waited for longer where what was asked for came by itself, and shorter again where it had to be asked for', () => {
    let counter = 0
    const waitedFor = (comesFrom: PlayedNeighbour): number => {
      counter += 1
      const since = clock.now()
      hear(a!, counter)
      while (a!.take('graft').length === 0) clock.runFor(1)
      const waitedMs = clock.now() - since
      expect(missing.had(keyOf(counter), comesFrom)).toBe(comesFrom === a)
      return waitedMs
    }
    expect([b!, b!, b!, a!, a!, a!, a!, a!].map(waitedFor)).toEqual([
      graftAfterMs,
      graftAfterMs * 1.5,
      graftAfterMsMax,
      graftAfterMsMax,
      graftAfterMsMax * 0.8,
      graftAfterMsMax * 0.64,
      Math.ceil(graftAfterMsMax * 0.512),
      graftAfterMs,
    ])
    // What came in time shows nothing, nor does what nobody told of.
    hear(a!, 100)
    expect([missing.had(keyOf(100), a!), missing.had(keyOf(101), a!)]).toEqual([false, false])
    expect([waitedFor(a!), clock.waiting]).toEqual([graftAfterMs, 0])
  })

  it('leaves no timer behind', () => {
    hear(a!, 1)
    missing.stop()
    expect([missing.size, clock.waiting]).toEqual([0, 0])
  })
})

describe('PY-13 BC5 ids for links that get no payloads', () => {
  let lazy: LazyNews<PlayedNeighbour>

  beforeEach(() => {
    lazy = new LazyNews(clock)
    clock.runFor(10_000)
  })

  function tell(counter: number, repaired = false): void {
    lazy.add(a!, { ...idOf(counter), ownTree: false, repaired, cameAt: clock.now() })
  }

  it('are told soon, in a stream each second, and how long they were held', () => {
    tell(1)
    clock.runFor(lazyBatchMs - 1)
    tell(2)
    expect(a!.told).toEqual([])
    clock.runFor(1)
    expect(a!.take('have').map(({ ids }) => ids.map(({ counter, heldMs }) => [counter, heldMs]))).toEqual([
      [
        [1, lazyBatchMs],
        [2, 1],
      ],
    ])
    tell(3)
    clock.runFor(lazyBusyBatchMs - 1)
    expect(a!.told).toEqual([])
    clock.runFor(1)
    expect(a!.take('have')).toHaveLength(1)
    clock.runFor(lazyBusyBatchMs)
    tell(4)
    clock.runFor(lazyBatchMs)
    expect(a!.take('have')).toHaveLength(1)
  })

  it('that were missing here are told of at once, with all that wait; more of them do not put that off', () => {
    for (let round = 0; round < 2; round += 1) {
      tell(10 * round + 1)
      tell(10 * round + 2, true)
      clock.runFor(lazyUrgentMs - 1)
      tell(10 * round + 3, true)
      expect(a!.told).toEqual([])
      clock.runFor(1)
      expect(a!.take('have').map(({ ids }) => ids.length)).toEqual([3])
      expect(clock.waiting).toBe(0)
    }
  })

  it('wait for nobody who left, and leave no timer behind', () => {
    tell(1)
    lazy.leave(a!)
    clock.runFor(lazyBatchMs)
    expect(a!.told).toEqual([])
    tell(2)
    lazy.stop()
    expect(clock.waiting).toBe(0)
  })
})

describe('PY-13 BC9 gaps', () => {
  let neighbours: PlayedNeighbour[]
  let asked: string[]
  let gaps: Gaps<PlayedNeighbour>
  let history: History

  beforeEach(() => {
    neighbours = [b!, c!]
    asked = []
    history = new History()
    for (const counter of [1, 4]) history.add(counter)
    gaps = new Gaps(clock, new SeededDice(1), {
      neighbours: () => neighbours,
      ask: ({ address }, { origin }, ranges) =>
        void asked.push(`${clock.now()} ${address} ${origin} ${ranges.map(({ start, end }) => `${start}-${end}`).join()}`),
    })
  })

  const times = gapAsksMs.map((_, index) => gapAsksMs.slice(0, index + 1).reduce((sum, ms) => sum + ms, 0))

  it('are asked for where the later one came from, then of anybody, then no more until something comes', () => {
    neighbours = [b!]
    for (const from of [a!, c!]) gaps.look(idOf(4), history, from)
    neighbours = [a!]
    clock.runFor(times[0]!)
    neighbours = [b!]
    clock.runFor(60_000)
    expect(asked).toEqual(times.map((at, index) => `${at} ${index === 0 ? 'a' : 'b'} ka 2-4`))
    gaps.look(idOf(4), history, c!)
    history.add(2)
    clock.runFor(gapAsksMs[0]!)
    expect(asked.at(-1)).toBe(`${clock.now()} b ka 3-4`)
    history.add(3)
    clock.runFor(60_000)
    expect([asked.length, clock.waiting]).toEqual([times.length + 1, 0])
    // Where nothing is missing nobody is asked.
    gaps.look(idOf(5), history, a!)
    expect(clock.waiting).toBe(0)
  })

  it('that are there for long are asked for where the later one came from first of all, not always', () => {
    gaps.look(idOf(4), history, c!)
    neighbours = [a!, b!, c!]
    for (let life = 0; life < 20; life += 1) gaps.look(idOf(4, `k${life}`), history, c!)
    clock.runFor(60_000)
    const [first = [], ...later] = times.map((at) => asked.filter((line) => line.startsWith(`${at} `)))
    expect(first.every((line) => line.includes(' c '))).toBe(true)
    expect(new Set(later.flat().map((line) => line.split(' ')[1]))).toEqual(new Set(['a', 'b', 'c']))
  })

  it('LM of heldBackMax lives are asked for at one time, and leave no timer behind', () => {
    for (let life = 0; life < heldBackMax + 10; life += 1) gaps.look(idOf(4, `k${life}`), history, a!)
    expect(clock.waiting).toBe(heldBackMax)
    gaps.stop()
    expect(clock.waiting).toBe(0)
  })
})

describe('PY-13 BC7 payloads to one neighbour', () => {
  let pushes: Pushes<PlayedNeighbour>
  const packet = Uint8Array.of(1)
  const failed = (): never => {
    throw new Error('it takes them')
  }

  beforeEach(() => {
    pushes = new Pushes(clock)
    pushes.push(a!, { packet, hops: 0 }, failed)
    expect(a!.takePackets()).toHaveLength(1)
  })

  it('wait for a quarter of the round trip, and not for long', () => {
    for (const [roundMs, waitMs] of [
      [roundTripMs, roundTripMs / 4],
      [10_000, pushHoldMsMax],
    ] as const) {
      a!.link.roundTripMs = roundMs
      pushes.push(a!, { packet, hops: 0 }, failed)
      clock.runFor(waitMs - 1)
      pushes.push(a!, { packet, hops: 0 }, failed)
      expect(a!.packets).toEqual([])
      clock.runFor(1)
      expect(a!.takePackets()).toHaveLength(2)
    }
    clock.runFor(pushBusyMs)
    pushes.push(a!, { packet, hops: 0 }, failed)
    expect(a!.takePackets()).toHaveLength(1)
  })

  it('LM are pushesHeldMax at most; those that come after that wait for their own time', () => {
    for (let count = 0; count < pushesHeldMax - 1; count += 1) pushes.push(a!, { packet, hops: 0 }, failed)
    expect(a!.packets).toEqual([])
    clock.runFor(roundTripMs / 4 - 1)
    pushes.push(a!, { packet, hops: 0 }, failed)
    expect(a!.takePackets()).toHaveLength(pushesHeldMax)
    pushes.push(a!, { packet, hops: 0 }, failed)
    clock.runFor(1)
    expect(a!.packets).toEqual([])
  })

  it('wait for nobody who left, and leave no timer behind', () => {
    for (const end of [() => pushes.leave(a!), () => pushes.stop()]) {
      pushes.push(a!, { packet, hops: 0 }, failed)
      pushes.push(a!, { packet, hops: 0 }, failed)
      a!.packets = []
      end()
      expect(clock.waiting).toBe(0)
    }
  })
})
