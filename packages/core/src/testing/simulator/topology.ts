// Who is joined to whom before anything goes wrong: named shapes, and some that dice draw. Nodes are numbers from 0 on.

import type { SeededDice } from '../seeded-dice.ts'

/** Who there is, and who is joined to whom. */
export interface Topology {
  /** 'ring of 8': for people. */
  readonly name: string
  readonly nodes: number
  /** Each link once; the first node dials. */
  readonly edges: readonly (readonly [number, number])[]
  /** Nodes that are relays; the others are members. */
  readonly relays: ReadonlySet<number>
}

type Edge = readonly [number, number]

function topology(name: string, nodes: number, edges: readonly Edge[], relays: readonly number[] = []): Topology {
  return { name: `${name} of ${nodes}`, nodes, edges, relays: new Set(relays) }
}

/** Each one is joined to the next one. */
export function line(nodes: number): Topology {
  return topology('line', nodes, pathEdges(nodes))
}

/** As a line, and the last one is joined to the first one. */
export function ring(nodes: number): Topology {
  return topology('ring', nodes, nodes < 3 ? pathEdges(nodes) : [...pathEdges(nodes), [nodes - 1, 0]])
}

/** As square as it can be; the last row may be short. */
export function grid(nodes: number): Topology {
  const width = Math.ceil(Math.sqrt(nodes))
  const edges: Edge[] = []
  for (let node = 0; node < nodes; node += 1) {
    if (node % width !== width - 1 && node + 1 < nodes) edges.push([node, node + 1])
    if (node + width < nodes) edges.push([node, node + width])
  }
  return topology('grid', nodes, edges)
}

/** The first `relays` nodes know each other; each member dials `uplinks` of them. */
export function starOfRelays(nodes: number, relays: number, uplinks = 1): Topology {
  const hubs = Math.max(1, Math.min(relays, nodes))
  const edges: Edge[] = []
  for (let one = 0; one < hubs; one += 1) for (let other = one + 1; other < hubs; other += 1) edges.push([one, other])
  for (let member = hubs; member < nodes; member += 1) {
    for (let uplink = 0; uplink < Math.min(uplinks, hubs); uplink += 1) edges.push([member, (member + uplink) % hubs])
  }
  return topology(
    `star of ${hubs} relays`,
    nodes,
    edges,
    Array.from({ length: hubs }, (_, relay) => relay),
  )
}

/** Everybody is joined to everybody. */
export function full(nodes: number): Topology {
  const edges: Edge[] = []
  for (let one = 0; one < nodes; one += 1) for (let other = one + 1; other < nodes; other += 1) edges.push([one, other])
  return topology('full mesh', nodes, edges)
}

/** Two full meshes, of half the nodes each, with one link between them. */
export function cliques(nodes: number): Topology {
  const half = Math.ceil(nodes / 2)
  const rest = full(nodes - half).edges.map(([one, other]): Edge => [one + half, other + half])
  return topology('two cliques', nodes, [...full(half).edges, ...rest, ...(half < nodes ? [[0, half] as const] : [])])
}

/** From node 0 down, each row full but the last. */
export function tree(nodes: number, children: number): Topology {
  return topology(
    `tree with ${children} children each`,
    nodes,
    Array.from({ length: Math.max(0, nodes - 1) }, (_, at): Edge => [Math.floor(at / children), at + 1]),
  )
}

/** Any tree, so that all hang together, and some more links. */
export function treeWithChords(nodes: number, chords: number, dice: SeededDice): Topology {
  const edges = new EdgeSet()
  for (let node = 1; node < nodes; node += 1) edges.add(dice.between(0, node - 1), node)
  for (let chord = 0; chord < chords; chord += 1) edges.add(dice.between(0, nodes - 1), dice.between(0, nodes - 1))
  return topology('tree with chords', nodes, edges.all)
}

/**
 * Each node has `degree` links, drawn at random, and all hang together. One node has a link less when the product is odd.
 * Throws RangeError when there are too few nodes.
 */
export function randomRegular(nodes: number, degree: number, dice: SeededDice): Topology {
  if (degree >= nodes || degree < 2) throw new RangeError(`${nodes} nodes cannot have ${degree} links each and hang together`)
  for (let tries = 0; tries < 1_000; tries += 1) {
    const edges = pairStubs(nodes, degree, dice)
    if (edges !== undefined && isConnected(nodes, edges)) return topology(`random ${degree}-regular`, nodes, edges)
  }
  throw new RangeError(`no connected graph of ${nodes} nodes with ${degree} links each was found`)
}

/** The stubs of all nodes are paired one after another; a pair that cannot be is undone by a swap with an earlier one. */
function pairStubs(nodes: number, degree: number, dice: SeededDice): Edge[] | undefined {
  const stubs: number[] = []
  for (let node = 0; node < nodes; node += 1) for (let stub = 0; stub < degree; stub += 1) stubs.push(node)
  for (let last = stubs.length - 1; last > 0; last -= 1) {
    const other = dice.between(0, last)
    ;[stubs[last], stubs[other]] = [stubs[other]!, stubs[last]!]
  }
  const edges = new EdgeSet()
  for (let at = 0; at + 1 < stubs.length; at += 2) {
    let tries = 0
    while (!edges.add(stubs[at]!, stubs[at + 1]!)) {
      if (at + 2 >= stubs.length || tries > 100) return undefined
      const other = dice.between(at + 2, stubs.length - 1)
      ;[stubs[at + 1], stubs[other]] = [stubs[other]!, stubs[at + 1]!]
      tries += 1
    }
  }
  return edges.all
}

/** One of all these shapes. */
export function drawTopology(nodes: number, dice: SeededDice): Topology {
  switch (dice.between(0, 7)) {
    case 0:
      return line(nodes)
    case 1:
      return ring(nodes)
    case 2:
      return grid(nodes)
    case 3:
      return starOfRelays(nodes, dice.between(1, 3), dice.between(1, 2))
    case 4:
      return randomRegular(nodes, nodes <= 8 ? dice.between(3, 4) : 3, dice)
    case 5:
      return nodes <= 8 ? full(nodes) : treeWithChords(nodes, dice.between(0, 5), dice)
    default:
      return treeWithChords(nodes, dice.between(0, Math.ceil(nodes / 4)), dice)
  }
}

/** Throws RangeError for a topology of somebody's own that is none. */
export function checkTopology({ name, nodes, edges, relays }: Topology): void {
  const isNode = (node: number): boolean => Number.isInteger(node) && node >= 0 && node < nodes
  const known = new EdgeSet()
  for (const [one, other] of edges) {
    if (!isNode(one) || !isNode(other)) throw new RangeError(`${name}: a link from ${one} to ${other}, and nodes are 0 to ${nodes - 1}`)
    if (!known.add(one, other)) throw new RangeError(`${name}: the link from ${one} to ${other} is there twice, or leads to itself`)
  }
  for (const relay of relays) if (!isNode(relay)) throw new RangeError(`${name}: the relay ${relay} is no node from 0 to ${nodes - 1}`)
}

/** For each node, whom it is joined to. */
export function neighboursOf({ nodes, edges }: Pick<Topology, 'nodes' | 'edges'>): number[][] {
  const neighbours: number[][] = Array.from({ length: nodes }, () => [])
  for (const [one, other] of edges) {
    neighbours[one]?.push(other)
    neighbours[other]?.push(one)
  }
  return neighbours
}

/** Links between the two that are furthest apart, of a topology in which all hang together. */
export function diameter({ nodes, edges }: Pick<Topology, 'nodes' | 'edges'>): number {
  const neighbours = neighboursOf({ nodes, edges })
  let longest = 0
  for (let start = 0; start < nodes; start += 1) {
    const distances = new Map([[start, 0]])
    for (const [node, distance] of distances) {
      longest = Math.max(longest, distance)
      for (const other of neighbours[node] ?? []) if (!distances.has(other)) distances.set(other, distance + 1)
    }
  }
  return longest
}

class EdgeSet {
  readonly all: Edge[] = []
  readonly #known = new Set<string>()

  /** False, and nothing added, for a link to oneself and one that is there. */
  add(one: number, other: number): boolean {
    const key = one < other ? `${one} ${other}` : `${other} ${one}`
    if (one === other || this.#known.has(key)) return false
    this.#known.add(key)
    this.all.push([one, other])
    return true
  }
}

function pathEdges(nodes: number): Edge[] {
  return Array.from({ length: Math.max(0, nodes - 1) }, (_, node): Edge => [node, node + 1])
}

function isConnected(nodes: number, edges: readonly Edge[]): boolean {
  const neighbours = neighboursOf({ nodes, edges })
  const reached = new Set([0])
  for (const node of reached) for (const other of neighbours[node] ?? []) reached.add(other)
  return reached.size === nodes
}
