import { beforeEach, describe, expect, it } from 'vitest'
import { hashOf, idKey } from '../../src/gossip/broadcast-key.ts'
import type { Incoming } from '../../src/gossip/broadcast-prover.ts'
import type { KeptBroadcast } from '../../src/gossip/broadcast-store.ts'
import {
  aloneMs,
  graftAfterMs,
  graftRepairedMs,
  branchAfterMs,
  offerBytesMin,
  ownTreeIdleMs,
  pruneAfterMs,
  pullsAtOnce,
  pushHoldMsMax,
  pushHoldsMax,
  treeChangeMs,
  treeSlackMs,
} from '../../src/gossip/gossip-limits.ts'
import type { GossipNeighbour } from '../../src/gossip/gossip-neighbour.ts'
import { TreeTraffic } from '../../src/gossip/tree-traffic.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { GossipMessage } from '../../src/wire/gossip-control.ts'

class Peer implements GossipNeighbour {
  readonly address: string
  told: GossipMessage[] = []
  payloads = 0
  takes = true
  readonly link: GossipNeighbour['link']

  constructor(address: string) {
    this.address = address
    this.link = {
      roundTripMs: 40,
      full: false,
      sendPacket: () => {
        if (this.takes) this.payloads += 1
        return this.takes
      },
      sendControl: (message) => void this.told.push(message),
    }
  }

  /** What it was told, and forgotten for the next time. */
  take(): string[] {
    return this.told.splice(0).map(({ type }) => type)
  }
}

/** One node and its neighbours. */
class Node {
  readonly clock = new VirtualClock()
  readonly peers: readonly Peer[]
  readonly #kept = new Map<string, KeptBroadcast>()
  readonly traffic = new TreeTraffic<Peer>(this.clock, {
    had: (id) => this.#kept.has(idKey(id)),
    find: (key) => this.#kept.get(key),
    fault: () => {},
  })

  constructor(peers: readonly Peer[] = ['ka', 'kb', 'kc'].map((address) => new Peer(address))) {
    this.peers = peers
    for (const peer of this.peers) this.traffic.join(peer)
    this.clock.runFor(1)
  }

  /** A payload comes; `hops` links lie behind it. */
  hear(from: Peer, counter: number, { origin = 'ko', own = true, hops = 2, bytes = 100, hopLimit = 9, leaf = false } = {}): void {
    const id = { origin, epoch: 1, fleeting: false, counter }
    const key = idKey(id)
    const tree = own ? origin : ''
    if (this.#kept.has(key)) return this.traffic.doubled(from, { id, key, tree, hops } as Incoming)
    const packet = new Uint8Array(bytes).fill(hopLimit)
    const repaired = this.traffic.had(key, from)
    const kept: KeptBroadcast = { id, key, tree, packet, hops, from: from.address, repaired, saidAt: this.clock.now() }
    this.traffic.keeps(kept)
    this.#kept.set(key, kept)
    this.traffic.came(kept, from)
    if (!leaf) this.traffic.spread(kept, from)
  }

  /** It says something itself. */
  say(counter: number): void {
    const id = { origin: 'me', epoch: 1, fleeting: false, counter }
    const key = idKey(id)
    const said: KeptBroadcast = {
      id,
      key,
      tree: 'me',
      packet: new Uint8Array(9).fill(9),
      hops: 0,
      from: '',
      repaired: false,
      saidAt: this.clock.now(),
    }
    this.traffic.keeps(said)
    this.#kept.set(key, said)
    this.traffic.spread(said, undefined)
  }

  have(from: Peer, counter: number, { origin = 'ko', own = true, heldMs = 0, offer = false, repaired = false } = {}): void {
    const ids = [{ origin, epoch: 1, fleeting: false, counter, ownTree: own, repaired, heldMs }]
    this.traffic.control(from, { type: 'have', offer, ids })
  }
}

let node: Node
let [a, b, c]: Peer[] = []

beforeEach(() => {
  node = new Node()
  ;[a, b, c] = node.peers
})

describe('PY-13 a tree of one sender', () => {
  it('BC4 what comes by itself after it was sent there makes that link lazy, and nobody is told: the other sees the same', () => {
    node.hear(a!, 1)
    expect([b!.payloads, a!.payloads]).toEqual([1, 0])
    node.hear(b!, 1)
    node.clock.runFor(300)
    expect([b!.take(), a!.take()]).toEqual([[], []])
    node.hear(a!, 2)
    node.clock.runFor(100)
    expect([b!.payloads, c!.payloads]).toEqual([1, 2])
    // It was not sent this one, so it cannot know.
    node.hear(b!, 2)
    expect(b!.take()).toContain('prune')
  })

  it('BC4 keeps its parent when another is faster by chance, and prunes that one', () => {
    node.hear(a!, 1)
    node.clock.runFor(300)
    node.hear(b!, 2)
    node.clock.runFor(treeSlackMs)
    node.hear(a!, 2)
    expect([a!.take().includes('prune'), b!.take().includes('prune')]).toEqual([false, true])
    expect(a!.payloads).toBe(0)
  })

  it('BC4 changes its parent when the other is faster by more, and prunes the old one', () => {
    node.hear(a!, 1)
    node.clock.runFor(300)
    node.hear(b!, 2)
    node.clock.runFor(treeSlackMs + 1)
    node.hear(a!, 2)
    expect([a!.take().includes('prune'), b!.take().includes('prune')]).toEqual([true, false])
    node.clock.runFor(1_000)
    node.hear(a!, 3)
    node.hear(b!, 3)
    expect([a!.take().includes('prune'), b!.take().includes('prune')]).toEqual([true, false])
  })

  it('BC4 a parent whose payloads may have come by way of this node is none any more, however fast it is', () => {
    node.hear(a!, 1, { hops: 2 })
    node.clock.runFor(300)
    node.hear(b!, 2, { hops: 2 })
    node.clock.runFor(1)
    node.hear(a!, 2, { hops: 5 })
    expect([a!.take().includes('prune'), b!.take().includes('prune')]).toEqual([true, false])
  })

  it('BC5 who would have brought it earlier is asked to, and the parent stays until that has shown', () => {
    for (const counter of [1, 2, 3]) {
      node.hear(a!, counter)
      node.hear(b!, counter)
      node.clock.runFor(1_000)
    }
    b!.take()
    a!.take()
    node.hear(a!, 4)
    node.clock.runFor(200)
    node.have(b!, 4, { heldMs: 200 + treeSlackMs })
    expect(b!.take()).not.toContain('graft')
    node.have(b!, 4, { heldMs: 201 + treeSlackMs })
    expect([b!.take().includes('graft'), a!.take()]).toEqual([true, []])
    // Not again and again.
    node.have(c!, 4, { heldMs: 2 ** 40 })
    expect(c!.take()).not.toContain('graft')
    // It only said so.
    node.clock.runFor(1_000)
    node.hear(a!, 5)
    node.hear(b!, 5)
    expect([a!.take(), b!.take().includes('prune')]).toEqual([[], true])
  })

  it('BC5 who brought what the parent did not is the parent', () => {
    node.hear(a!, 1)
    node.have(b!, 2)
    node.clock.runFor(graftAfterMs)
    expect(b!.take()).toContain('graft')
    node.hear(b!, 2)
    node.clock.runFor(600)
    node.hear(a!, 3)
    node.clock.runFor(10)
    node.hear(b!, 3)
    expect([a!.take().includes('prune'), b!.take().includes('prune')]).toEqual([true, false])
  })

  it('BC5 that it is missing elsewhere, too, hastens a pull, and once more does not put it off', () => {
    node.have(a!, 1)
    node.have(b!, 1, { repaired: true })
    node.clock.runFor(graftRepairedMs - 10)
    node.have(c!, 1, { repaired: true })
    node.clock.runFor(9)
    expect(a!.take()).toEqual([])
    node.clock.runFor(1)
    expect(a!.take()).toEqual(['graft'])
  })

  it('BC6 a parent that offers what came from another keeps its place', () => {
    node.hear(a!, 1)
    node.clock.runFor(600)
    node.hear(b!, 2)
    node.have(a!, 2, { offer: true })
    node.have(c!, 2, { offer: true })
    expect([a!.take().includes('prune'), c!.take().includes('prune')]).toEqual([false, true])
  })

  it('BC6 large payloads are offered until the link has been a branch for a second, also after a graft', () => {
    const large = { bytes: offerBytesMin }
    const before = c!.payloads
    node.hear(a!, 1, large)
    expect([c!.payloads - before, c!.take()]).toEqual([0, ['have']])
    node.clock.runFor(branchAfterMs)
    node.hear(a!, 2, large)
    expect([c!.payloads - before, c!.take()]).toEqual([0, ['have']])
    node.clock.runFor(1)
    node.hear(a!, 3, large)
    expect([c!.payloads - before, c!.take()]).toEqual([1, []])
    node.traffic.control(c!, { type: 'prune', tree: 'ko' })
    node.traffic.control(c!, { type: 'graft', tree: 'ko', eager: true, ids: [] })
    node.clock.runFor(branchAfterMs + 1)
    node.hear(a!, 4, large)
    expect([c!.payloads - before, c!.take()]).toEqual([1, ['have']])
  })

  it('BC1 what is said of a tree that is not known here changes no other', () => {
    node.traffic.control(c!, { type: 'prune', tree: 'kz' })
    node.hear(a!, 1, { own: false })
    expect(c!.payloads).toBe(1)
  })

  it('BC7 a payload waits for others three times on its way, not more often', () => {
    node.hear(a!, 1, { hops: pushHoldsMax })
    node.hear(a!, 2, { hops: pushHoldsMax })
    expect(c!.payloads).toBe(2)
    node.hear(a!, 3, { hops: pushHoldsMax - 1 })
    expect(c!.payloads).toBe(2)
    node.clock.runFor(pushHoldMsMax)
    expect(c!.payloads).toBe(3)
  })
})

describe('PY-13 the shared tree', () => {
  const shared = { own: false }

  it('BC4 who speaks alone shows at once which link is superfluous, in both directions', () => {
    node.hear(a!, 1, shared)
    node.hear(b!, 1, shared)
    expect([a!.take(), b!.take()]).toEqual([[], ['prune']])
    node.clock.runFor(2 * aloneMs)
    node.hear(a!, 2, shared)
    expect([b!.payloads, c!.payloads]).toEqual([1, 2])
  })

  it('BC4 of several that speak one shows it, and after a while: two links of one circle shall not go', () => {
    // By one of them a circle ends at b, by the other at c; the next node hears them in another order.
    const circles = [
      ['kx', a, b],
      ['ky', b, c],
    ] as const
    const pruned = (order: typeof circles | readonly [(typeof circles)[1], (typeof circles)[0]]): string[] => {
      const roots: string[] = []
      node = new Node(node.peers)
      for (let counter = 1; counter * 50 < 2 * pruneAfterMs; counter += 1) {
        for (const [origin, first] of order) node.hear(first!, counter, { own: false, origin })
        for (const [origin, , again] of order) {
          node.hear(again!, counter, { own: false, origin })
          if (!again!.take().includes('prune')) continue
          roots.push(origin)
          expect(counter * 50).toBeGreaterThanOrEqual(pruneAfterMs)
        }
        node.clock.runFor(50)
      }
      return roots
    }
    const roots = [...pruned(circles), ...pruned([circles[1], circles[0]])]
    expect(roots.length).toBeGreaterThan(1)
    expect(new Set(roots).size).toBe(1)
  })
})

describe('PY-13 neighbours that come and go', () => {
  it("BC4 who left is nobody's parent; who brings the next payload is", () => {
    node.hear(a!, 1)
    node.traffic.leave(a!)
    node.hear(b!, 2)
    const before = b!.payloads
    node.hear(c!, 3)
    node.clock.runFor(100)
    expect(b!.payloads).toBe(before)
    // Nor is one who left while its payload was verified.
    node.traffic.leave(c!)
    node.hear(c!, 1, { origin: 'kz' })
    node.hear(b!, 2, { origin: 'kz' })
    node.traffic.join(c!)
    node.hear(c!, 3, { origin: 'kz' })
    node.clock.runFor(100)
    expect(b!.payloads).toBe(before + 1)
  })

  it('BC4 who repeats and has left is told nothing, nor is a parent when who was first has left', () => {
    node.hear(a!, 1)
    node.hear(b!, 2)
    node.traffic.leave(b!)
    node.clock.runFor(300)
    node.hear(a!, 2)
    expect(a!.take()).not.toContain('prune')
    node.hear(a!, 3, { own: false })
    node.hear(b!, 3, { own: false })
    expect(b!.take()).toEqual([])
  })

  it('BC1 who is there anew is a branch, and its link was not pruned', () => {
    for (let round = 1; round <= 2; round += 1) {
      node.hear(a!, round, { own: false })
      expect(b!.payloads).toBe(round)
      node.hear(b!, round, { own: false })
      expect(b!.take()).toContain('prune')
      node.traffic.leave(b!)
      node.traffic.join(b!)
    }
  })

  it('BC5 who left is told of nothing, whatever waits for it or cannot be sent', () => {
    node.traffic.control(b!, { type: 'prune', tree: 'ko' })
    node.hear(a!, 1)
    node.hear(a!, 2)
    node.hear(a!, 3)
    const payloads = c!.payloads
    c!.takes = false
    node.traffic.leave(b!)
    node.traffic.leave(c!)
    c!.takes = true
    node.clock.runFor(2_000)
    expect([b!.take(), c!.take(), c!.payloads]).toEqual([[], [], payloads])
  })

  it('BC5 who does not take a payload hears that it is here', () => {
    c!.takes = false
    node.hear(a!, 1)
    node.clock.runFor(2_000)
    expect([b!.take(), c!.take()]).toEqual([[], ['have']])
  })

  it('BC6 a newcomer is offered what is large, however old the tree is', () => {
    for (const counter of [1, 2]) {
      node.hear(a!, counter)
      node.clock.runFor(branchAfterMs + 1)
    }
    const d = new Peer('kd')
    node.traffic.join(d)
    node.hear(a!, 3, { bytes: offerBytesMin })
    expect([d.payloads, d.take(), c!.payloads]).toEqual([0, ['have'], 3])
  })
})

describe('PY-13 payloads and what is said of them', () => {
  it('BC1 go no further at the end of their way, and never to who said them', () => {
    node.hear(a!, 1, { hopLimit: 0 })
    node.hear(a!, 2, { origin: 'kb' })
    node.clock.runFor(2_000)
    expect([b!.payloads, b!.take(), c!.payloads]).toEqual([0, [], 1])
  })

  it('BC4 one neighbour that repeats itself shows nothing', () => {
    node.hear(a!, 1)
    node.hear(a!, 1)
    node.clock.runFor(1)
    expect([a!.take(), a!.payloads]).toEqual([[], 0])
  })

  it('BC4 a leaf tells who repeats: it sent that one nothing', () => {
    node.hear(a!, 1, { leaf: true })
    node.hear(b!, 1, { leaf: true })
    expect(b!.take()).toEqual(['prune'])
  })

  it('BC4 a link is pruned once in a while, however much comes twice', () => {
    node.hear(a!, 1, { leaf: true })
    node.hear(b!, 1)
    for (let counter = 2; counter < 10; counter += 1) {
      node.hear(a!, counter, { leaf: true })
      node.hear(b!, counter)
    }
    expect(b!.take()).toEqual(['prune'])
    node.clock.runFor(treeChangeMs)
    node.hear(a!, 20, { leaf: true })
    node.hear(b!, 20)
    expect(b!.take()).toEqual(['prune'])
  })

  it('BC5 nobody is asked to be faster with what was said here, nor along the shared tree', () => {
    node.say(1)
    node.hear(a!, 1, { own: false })
    node.clock.runFor(200)
    node.have(b!, 1, { origin: 'me', heldMs: 10_000 })
    node.have(b!, 1, { own: false, heldMs: 10_000 })
    expect(b!.take()).toEqual([])
  })

  it('BC5 who pulls without becoming a branch is none; who pulls more than a little gets no more, until it comes anew', () => {
    node.hear(a!, 1)
    node.traffic.control(c!, { type: 'prune', tree: 'ko' })
    c!.payloads = 0
    const ids = Array.from({ length: pullsAtOnce + 100 }, () => ({ origin: 'ko', epoch: 1, fleeting: false, counter: 1 }))
    node.traffic.control(c!, { type: 'graft', tree: 'ko', eager: false, ids })
    expect(c!.payloads).toBe(pullsAtOnce)
    node.hear(a!, 2)
    node.clock.runFor(100)
    expect(c!.payloads).toBe(pullsAtOnce)
    node.traffic.leave(c!)
    node.traffic.join(c!)
    node.traffic.control(c!, { type: 'graft', tree: 'ko', eager: false, ids: ids.slice(0, 200) })
    expect(c!.payloads).toBe(pullsAtOnce + 200)
  })

  it('LM BC1 a tree that is used stays', () => {
    node.hear(a!, 1)
    node.clock.runFor(ownTreeIdleMs)
    node.hear(a!, 2)
    node.clock.runFor(ownTreeIdleMs)
    node.traffic.tick(node.clock.now())
    expect(node.traffic.ownTrees).toBe(1)
    node.clock.runFor(1)
    node.traffic.tick(node.clock.now())
    expect(node.traffic.ownTrees).toBe(0)
  })
})

describe('PY-13 the root of the shared tree', () => {
  const [low, middle, high] = ['kw', 'kx', 'ky'].toSorted((one, other) => hashOf(one) - hashOf(other)) as [string, string, string]

  /** They speak each 400 ms; a brings it first, c repeats it. When c is pruned. */
  function prunedAfter(speakers: (atMs: number) => readonly string[], first = 1): number {
    const startAt = node.clock.now()
    for (let counter = first; counter < first + 100; counter += 1) {
      const atMs = node.clock.now() - startAt
      for (const from of [a!, c!]) for (const origin of speakers(atMs)) node.hear(from, counter, { own: false, origin })
      if (c!.take().includes('prune')) return atMs
      node.clock.runFor(400)
    }
    return Infinity
  }

  it('BC4 is another when it is silent for long, though others speak all the time', () => {
    const after = prunedAfter((atMs) => (atMs === 0 ? [high, low] : [middle, high]))
    expect([after >= 2 * pruneAfterMs, after < 2 * pruneAfterMs + 1_000]).toEqual([true, true])
  })

  it('BC4 that is new shows for itself what is superfluous', () => {
    const after = prunedAfter((atMs) => (atMs < pruneAfterMs / 2 ? [high, middle] : [middle, low]))
    expect([after >= 1.5 * pruneAfterMs, after < 2 * pruneAfterMs]).toEqual([true, true])
  })

  it('BC4 doubts a link that is a branch again as long as a new one', () => {
    const speakers = (): string[] => [high, low]
    expect(prunedAfter(speakers)).toBeGreaterThanOrEqual(pruneAfterMs)
    node.traffic.control(c!, { type: 'graft', tree: '', eager: true, ids: [] })
    expect(prunedAfter(speakers, 1_000)).toBeGreaterThanOrEqual(pruneAfterMs)
  })

  it('BC4 alone has a parent: what another says, and had to be pulled, changes none', () => {
    node.hear(a!, 1, { own: false, origin: low })
    node.have(b!, 1, { own: false, origin: high })
    node.clock.runFor(graftAfterMs)
    node.hear(b!, 1, { own: false, origin: high })
    node.hear(c!, 2, { own: false, origin: low })
    node.clock.runFor(100)
    const [before, beforeB] = [a!.payloads, b!.payloads]
    node.hear(c!, 3, { own: false, origin: low })
    node.clock.runFor(100)
    expect([a!.payloads - before, b!.payloads - beforeB]).toEqual([0, 1])
  })

  it('BC5 what had to be pulled over a lazy link makes it a branch again', () => {
    node.hear(a!, 1, { own: false })
    node.hear(b!, 1, { own: false })
    expect(b!.take()).toContain('prune')
    node.have(b!, 2, { own: false, offer: true })
    node.hear(b!, 2, { own: false })
    node.clock.runFor(2_000)
    const before = b!.payloads
    node.hear(a!, 3, { own: false })
    expect(b!.payloads).toBe(before + 1)
  })
})
