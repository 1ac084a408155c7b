import { describe, expect, it } from 'vitest'
import { GossipWorld } from '../../src/testing/simulator/gossip-world.ts'
import { full } from '../../src/testing/simulator/topology.ts'
import type { GossipMessage } from '../../src/wire/gossip-control.ts'

const nodes = 8
const liar = 7

interface Heard {
  /** By text, who and when. */
  readonly lastMs: number[]
  readonly payloads: number
  readonly world: GossipWorld
}

/** Ten broadcasts among the honest, while the liar says `lies` to each of them every 100 ms. */
function told(lies: (at: number, origin: string) => readonly GossipMessage[]): Heard {
  const world = new GossipWorld(3, full(nodes), { latenciesMs: [20, 60] })
  const saidAt = new Map<string, number>()
  const hearers = new Map<string, number>()
  const lastMs: number[] = []
  world.heard = (text, { index }) => {
    if (index === liar) return
    const count = (hearers.get(text) ?? 0) + 1
    hearers.set(text, count)
    if (count === nodes - 2) lastMs.push(world.clock.now() - (saidAt.get(text) ?? 0))
  }
  world.clock.runFor(1_000)
  for (let at = 0; at < 100; at += 1) {
    if (at % 10 === 0) {
      saidAt.set(`news ${at}`, world.clock.now())
      world.say(at % (nodes - 1), `news ${at}`)
    }
    for (let other = 0; other < liar; other += 1)
      for (const message of lies(at, world.nodes[other]?.address ?? '')) world.lie(liar, other, message)
    world.clock.runFor(100)
  }
  world.clock.runFor(5_000)
  return { lastMs, payloads: world.payloads, world }
}

const made = (origin: string, at: number): { origin: string; epoch: number; fleeting: boolean; counter: number } => ({
  origin,
  epoch: 9,
  fleeting: false,
  counter: at,
})

const lies: Readonly<Record<string, (at: number, origin: string) => readonly GossipMessage[]>> = {
  'prunes every tree': (_at, origin) => [
    { type: 'prune', tree: '' },
    { type: 'prune', tree: origin },
  ],
  'grafts itself everywhere and pulls everything': (at, origin) => [
    {
      type: 'graft',
      tree: '',
      eager: true,
      ids: Array.from({ length: 1_000 }, (_, counter) => ({ origin, epoch: 1, fleeting: false, counter: (counter % 10) + 1 })),
    },
    { type: 'graft', tree: `k${at}`, eager: true, ids: [] },
  ],
  'has what nobody ever said': (at, origin) => [
    {
      type: 'have',
      offer: false,
      ids: Array.from({ length: 200 }, (_, id) => ({
        ...made(origin, at * 200 + id + 1),
        ownTree: id % 2 === 0,
        repaired: true,
        heldMs: 0,
      })),
    },
  ],
  'had everything long before the others': (at, origin) => [
    {
      type: 'have',
      offer: false,
      ids: [1, 2].map((counter) => ({
        origin,
        epoch: 1,
        fleeting: false,
        counter,
        ownTree: at % 2 === 0,
        repaired: false,
        heldMs: 2 ** 40,
      })),
    },
  ],
  'offers what it does not give': (at, origin) => [
    {
      type: 'have',
      offer: true,
      ids: Array.from({ length: 100 }, (_, id) => ({ ...made(origin, at * 100 + id + 1), ownTree: false, repaired: false, heldMs: 0 })),
    },
  ],
  'holds what nobody ever said, and wants everything': (_at, origin) => [
    { type: 'holds', answer: true, rows: [{ origin, epoch: 9, fleeting: false, ranges: [{ start: 1, end: 2 ** 32 }] }] },
    { type: 'want', rows: [{ origin, epoch: 1, fleeting: false, ranges: [{ start: 1, end: 2 ** 32 }] }] },
    { type: 'digest', hash: 7, count: 7 },
  ],
}

describe('a neighbour that lies about broadcasts', () => {
  const honest = told(() => [])

  it.each(Object.entries(lies))('PY-13 costs the others little: one that %s', (_name, lie) => {
    const { lastMs, payloads, world } = told(lie)
    expect(lastMs).toHaveLength(10)
    expect(Math.max(...lastMs)).toBeLessThanOrEqual(Math.max(...honest.lastMs) + 1_000)
    // What it pulls itself, within its budget, is what it costs.
    expect(payloads - honest.payloads).toBeLessThan(nodes * (2_000 + 15 * 200))
    for (let index = 0; index < liar; index += 1)
      for (const { table, size, max } of world.sizes(index)) expect(size, table).toBeLessThanOrEqual(max)
  })
})
