import { beforeEach, describe, expect, it } from 'vitest'
import { idKey } from '../../src/gossip/broadcast-key.ts'
import type { Incoming } from '../../src/gossip/broadcast-prover.ts'
import type { KeptBroadcast } from '../../src/gossip/broadcast-store.ts'
import {
  aloneMs,
  graftAfterMs,
  graftRepairedMs,
  branchAfterMs,
  offerBytesMin,
  pruneAfterMs,
  pushHoldMsMax,
  pushHoldsMax,
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
  readonly link: GossipNeighbour['link']

  constructor(address: string) {
    this.address = address
    this.link = {
      roundTripMs: 40,
      full: false,
      sendPacket: () => (this.payloads += 1) > 0,
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
  hear(from: Peer, counter: number, { origin = 'ko', own = true, hops = 2, bytes = 100 } = {}): void {
    const id = { origin, epoch: 1, fleeting: false, counter }
    const key = idKey(id)
    const tree = own ? origin : ''
    if (this.#kept.has(key)) return this.traffic.doubled(from, { id, key, tree, hops } as Incoming)
    const packet = new Uint8Array(bytes).fill(9)
    const repaired = this.traffic.had(key, from)
    const kept: KeptBroadcast = { id, key, tree, packet, hops, from: from.address, repaired, saidAt: this.clock.now() }
    this.traffic.keeps(kept)
    this.#kept.set(key, kept)
    this.traffic.came(kept, from)
    this.traffic.spread(kept, from)
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
