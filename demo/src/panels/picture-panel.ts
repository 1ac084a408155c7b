import type { Mesh } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText, shape } from '../element.ts'
import type { People } from '../people.ts'
import { graphOf } from '../picture/graph.ts'
import type { GraphNode } from '../picture/graph.ts'
import { Layout } from '../picture/layout.ts'
import type { Placement, PlacedNode } from '../picture/layout.ts'
import { TracePath, type Place } from '../picture/trace-path.ts'
import type { Tracing } from '../tracing.ts'
import type { Panel } from './panel.ts'
import { TraceBar } from './trace-bar.ts'

const outlines = {
  self: () => shape('circle', { r: 17 }),
  member: () => shape('circle', { r: 14 }),
  relay: () => shape('rect', { x: -14, y: -14, width: 28, height: 28, rx: 7 }),
  plain: () => shape('path', { d: 'M0-16 15 10-15 10Z' }),
  // A small board with a dot for its light.
  device: () => shape('g', {}, shape('path', { d: 'M0-18 18 0 0 18-18 0Z' }), shape('circle', { class: 'light', r: 4 })),
} as const

function legend(): HTMLElement {
  const entry = (kind: keyof typeof outlines, words: string): HTMLElement =>
    element('li', {}, shape('svg', { viewBox: '-20 -20 40 40', class: `node ${kind}`, 'aria-hidden': 'true' }, outlines[kind]()), words)
  const line = (className: string, words: string): HTMLElement =>
    element(
      'li',
      {},
      shape('svg', { viewBox: '0 0 28 8', class: 'line', 'aria-hidden': 'true' }, shape('path', { d: 'M0 4H28', class: className })),
      words,
    )
  return element(
    'ul',
    { class: 'legend' },
    entry('self', 'this page'),
    entry('member', 'member'),
    entry('relay', 'relay'),
    entry('plain', 'plain node'),
    entry('device', 'device of this page'),
    line('link direct', 'a direct link'),
    line('link through', 'reached through another'),
    line('link other', 'a link of others'),
  )
}

/** A node and its name, drawn once and moved afterwards. */
class DrawnNode {
  readonly group: SVGGElement
  #kind: GraphNode['kind']
  #outline: SVGElement
  readonly #label = shape('text', { y: 31 })
  readonly #title = shape('title')

  constructor(node: GraphNode) {
    this.#kind = node.kind
    this.#outline = outlines[node.kind]()
    this.group = shape('g', { 'data-testid': 'picture-node', 'data-address': node.address, style: `--hue: ${hueOf(node.address)}` })
    this.group.append(this.#title, shape('circle', { class: 'ring', r: 20.5 }), this.#outline, this.#label)
  }

  /** It can be chosen, by a click or with the keyboard. */
  onChosen(choose: () => void): void {
    this.group.setAttribute('role', 'button')
    this.group.setAttribute('tabindex', '0')
    this.group.addEventListener('click', choose)
    this.group.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      choose()
    })
  }

  move(placed: PlacedNode, label: string, marks: string): void {
    this.#become(placed.node.kind)
    this.group.setAttribute('transform', `translate(${Math.round(placed.x ?? 0)} ${Math.round(placed.y ?? 0)})`)
    this.group.setAttribute('class', `node ${this.#kind} ${placed.node.state} ${marks}`.trim())
    setText(this.#label, label.length > 18 ? `${label.slice(0, 17)}…` : label)
    setText(this.#title, `${label}: ${placed.address}`)
  }

  // A plain node of somebody else can become a device of this page, and back.
  #become(kind: GraphNode['kind']): void {
    if (kind === this.#kind) return
    this.#kind = kind
    const outline = outlines[kind]()
    this.#outline.replaceWith(outline)
    this.#outline = outline
  }
}

/** The live picture of who is here and how they are reached. */
export class PicturePanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #people: People
  readonly #links = shape('g')
  readonly #nodes = shape('g')
  readonly #path = new TracePath()
  readonly #svg = shape(
    'svg',
    { class: 'picture', role: 'group', 'data-testid': 'picture' },
    this.#links,
    this.#path.lines,
    this.#nodes,
    this.#path.marks,
  )
  readonly #drawn = new Map<string, DrawnNode>()
  readonly #layout: Layout
  readonly #tracing: Tracing
  #placement: Placement = { nodes: [], links: [] }
  #width = 600
  #height = 340

  constructor(mesh: Mesh, people: People, tracing: Tracing) {
    this.#mesh = mesh
    this.#people = people
    this.#tracing = tracing
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#layout = new Layout((placement) => this.#draw(placement), still)
    const frame = element('div', { class: 'frame' }, this.#svg)
    const bar = new TraceBar(tracing, people)
    this.node = panel({ title: 'The mesh, seen from here', testId: 'picture-panel', className: 'wide' }, frame, bar.node, legend())
    tracing.onChange(({ trace, running }) => {
      // Who asked from the list below wants to see it.
      if (running) frame.scrollIntoView({ block: 'nearest', behavior: still ? 'auto' : 'smooth' })
      this.#path.show(mesh.address, trace)
      this.#draw(this.#placement)
    })
    new ResizeObserver(([entry]) => {
      if (entry === undefined || entry.contentRect.width === 0) return
      this.#width = entry.contentRect.width
      this.#height = entry.contentRect.height
      this.#layout.resize(this.#width, this.#height)
    }).observe(this.#svg)
  }

  update(): void {
    const peers = this.#people.reachable()
    const self = { address: this.#mesh.address, name: this.#people.ownName }
    this.#layout.update(graphOf(self, peers, this.#mesh.topology().links, (address) => this.#people.isOwnDevice(address)))
    const count = (kind: string): number => peers.filter((peer) => peer.kind === kind).length
    this.#svg.setAttribute(
      'aria-label',
      `This page, ${count('member')} other members, ${count('relay')} relays, ${count('plain')} plain nodes.`,
    )
  }

  #draw(placement: Placement): void {
    const { nodes, links } = placement
    this.#placement = placement
    this.#frame(nodes)
    this.#links.replaceChildren(
      ...links.map(({ source, target, link }) =>
        shape('line', {
          class: `link ${link.kind}`,
          'data-testid': 'picture-link',
          x1: Math.round(source.x ?? 0),
          y1: Math.round(source.y ?? 0),
          x2: Math.round(target.x ?? 0),
          y2: Math.round(target.y ?? 0),
        }),
      ),
    )
    const present = new Set(nodes.map(({ address }) => address))
    for (const [address, drawn] of this.#drawn) {
      if (present.has(address)) continue
      drawn.group.remove()
      this.#drawn.delete(address)
    }
    const { chosen, running } = this.#tracing.view
    const places = new Map<string, Place>()
    for (const placed of nodes) {
      const marks = placed.address !== chosen ? '' : running ? 'chosen looking' : 'chosen'
      this.#nodeFor(placed.node).move(placed, this.#people.nameOf(placed.address), marks)
      places.set(placed.address, { x: Math.round(placed.x ?? 0), y: Math.round(placed.y ?? 0) })
    }
    this.#path.move((address) => places.get(address))
  }

  #nodeFor(node: GraphNode): DrawnNode {
    let drawn = this.#drawn.get(node.address)
    if (drawn === undefined) {
      drawn = new DrawnNode(node)
      this.#drawn.set(node.address, drawn)
      if (node.kind !== 'self') drawn.onChosen(() => this.#tracing.choose(node.address))
      this.#nodes.append(drawn.group)
    }
    return drawn
  }

  // The picture is never magnified, and shrinks only as far as everybody needs to fit in.
  #frame(nodes: readonly PlacedNode[]): void {
    let scale = 1
    for (const { x = 0, y = 0 } of nodes)
      scale = Math.max(scale, (Math.abs(x) + 60) / (this.#width / 2), (Math.abs(y) + 44) / (this.#height / 2))
    const width = this.#width * scale
    const height = this.#height * scale
    this.#svg.setAttribute('viewBox', `${-width / 2} ${-height / 2} ${width} ${height}`)
  }
}
