import { forceCollide, forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force'
import type { Simulation, SimulationLinkDatum, SimulationNodeDatum } from 'd3-force'
import type { Graph, GraphLink, GraphNode } from './graph.ts'

export interface PlacedNode extends SimulationNodeDatum {
  readonly address: string
  node: GraphNode
}

export interface PlacedLink extends SimulationLinkDatum<PlacedNode> {
  source: PlacedNode
  target: PlacedNode
  readonly link: GraphLink
}

export interface Placement {
  readonly nodes: readonly PlacedNode[]
  readonly links: readonly PlacedLink[]
}

/** Where the nodes stand: this page in the middle, the others pushed apart by d3-force. */
export class Layout {
  readonly #simulation: Simulation<PlacedNode, PlacedLink>
  readonly #still: boolean
  readonly #draw: (placement: Placement) => void
  #nodes: PlacedNode[] = []
  #links: PlacedLink[] = []
  #known = ''

  /** `still`: no movement, for people who asked their system for less of it. */
  constructor(draw: (placement: Placement) => void, still: boolean) {
    this.#draw = draw
    this.#still = still
    this.#simulation = forceSimulation<PlacedNode, PlacedLink>()
      .force('push', forceManyBody().strength(-1100))
      .force('apart', forceCollide(54))
      .on('tick', () => this.#show())
    this.resize(600, 340)
  }

  /** A wide picture spreads sideways, a tall one downwards. */
  resize(width: number, height: number): void {
    const ratio = Math.min(3, Math.max(1 / 3, width / height))
    this.#simulation.force('x', forceX(0).strength(0.06 / ratio)).force('y', forceY(0).strength(0.06 * ratio))
    this.#settle()
  }

  update(graph: Graph): void {
    const before = new Map(this.#nodes.map((placed) => [placed.address, placed]))
    const hubs = new Map(graph.links.filter(({ kind }) => kind !== 'other').map(({ from, to }) => [to, before.get(from)]))
    this.#nodes = graph.nodes.map((node) => before.get(node.address) ?? this.#place(node, hubs.get(node.address)))
    for (const node of graph.nodes) {
      const known = before.get(node.address)
      if (known !== undefined) known.node = node
    }
    const byAddress = new Map(this.#nodes.map((placed) => [placed.address, placed]))
    this.#links = graph.links.flatMap((link) => {
      const source = byAddress.get(link.from)
      const target = byAddress.get(link.to)
      return source !== undefined && target !== undefined ? [{ source, target, link }] : []
    })
    // Everybody stands where the ways lead; links of others are only drawn.
    const ways = this.#links.filter(({ link }) => link.kind !== 'other')
    const known = JSON.stringify([graph.nodes.map(({ address }) => address), ways.map(({ link }) => link)])
    if (known !== this.#known) {
      this.#known = known
      this.#simulation.nodes(this.#nodes).force('links', forceLink<PlacedNode, PlacedLink>(ways).distance(110).strength(0.6))
      this.#settle()
    }
    this.#show()
  }

  // A newcomer starts behind the node that leads to it, seen from the middle: so lines seldom cross.
  #place(node: GraphNode, hub: PlacedNode | undefined): PlacedNode {
    if (node.kind === 'self') return { address: node.address, node, x: 0, y: 0, fx: 0, fy: 0 }
    const { x = 0, y = 0 } = hub ?? {}
    if (x === 0 && y === 0) return { address: node.address, node }
    const spread = 40 * Math.sin(this.#nodes.length * 2.4)
    return { address: node.address, node, x: x * 1.8 + spread, y: y * 1.8 - spread }
  }

  #settle(): void {
    this.#simulation.alpha(0.7)
    if (!this.#still) {
      this.#simulation.restart()
      return
    }
    this.#simulation.stop().tick(150)
    this.#show()
  }

  #show(): void {
    this.#draw({ nodes: this.#nodes, links: this.#links })
  }
}
