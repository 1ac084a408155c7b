// Real routers on a topology, in one go and without promises: each link is kept up by the node that dials it, whatever
// happens to the two and to the way between them.

import type { Channel } from '../../channel/channel.ts'
import type { Router, RouterOptions } from '../../routing/router.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { LyingNode } from './lying-node.ts'
import type { SimChannel } from './sim-channel.ts'
import type { SimNetwork, SimNetworkOptions, SimObserver } from './sim-network.ts'
import type { SimNode } from './sim-node.ts'
import { SimWorld } from './sim-world.ts'
import { checkTopology, type Topology } from './topology.ts'

/** How its links are, and who lies. */
export interface RoutedWorldOptions extends SimNetworkOptions {
  /** Each way gets a latency of its own between these. Default 5 … 50. */
  readonly latenciesMs?: readonly [number, number] | undefined
  readonly router?: Pick<RouterOptions, 'plainNodes' | 'log'> | undefined
  /** Nodes that are no routers but lie to their neighbours. */
  readonly liars?: ReadonlySet<number> | undefined
}

/** Who can be at the end of a link. */
interface Participant {
  readonly name: string
  readonly node: SimNode
  addChannel(channel: Channel): void
}

/** One life of a node. */
export interface SimProcess {
  readonly index: number
  readonly name: string
  readonly node: SimNode
  readonly router: Router
  readonly startedAt: number
}

interface KeptLink {
  readonly dialer: number
  readonly listener: number
  /** The dialer's end of the present pipe. */
  channel: SimChannel | undefined
  dialing: boolean
}

const redialMs = [100, 1_000] as const

/** A network of routers, of which each link is dialed again when it broke. */
export class RoutedWorld implements SimObserver {
  readonly topology: Topology
  readonly world: SimWorld
  readonly network: SimNetwork
  readonly dice: SeededDice
  /** Who else watches; called after the world itself. */
  watcher: SimObserver | undefined
  /** When a pipe was opened or closed for the last time. */
  lastLinkChangeAt = 0
  /** A link of it costs something else since then: there is another shortest way, and the old one goes on (R2). */
  lastCostChangeAt = 0
  readonly #options: RoutedWorldOptions
  readonly #links: readonly KeptLink[]
  readonly #running: (SimProcess | undefined)[]
  readonly #byNode = new Map<SimNode, SimProcess>()
  readonly #gone = new Set<number>()
  #clones = 1
  readonly #participants: (Participant | undefined)[]
  readonly #liars = new Map<number, LyingNode>()
  readonly #started: ((process: SimProcess) => void)[] = []

  /** Throws RangeError for a topology with links to nodes that are none. */
  constructor(seed: number | string, topology: Topology, options: RoutedWorldOptions = {}) {
    checkTopology(topology)
    this.topology = topology
    this.#options = options
    this.world = new SimWorld(seed, options)
    this.network = this.world.network
    this.network.observer = this
    this.dice = this.network.dice.fork('world')
    this.#running = Array.from({ length: topology.nodes }, () => undefined)
    this.#participants = [...this.#running] as undefined[]
    this.#links = topology.edges.map(([dialer, listener]) => ({ dialer, listener, channel: undefined, dialing: false }))
    const [from, to] = options.latenciesMs ?? [5, 50]
    for (const [one, other] of topology.edges) {
      const latencyMs = this.dice.between(from, to)
      this.path(one, other).latencyMs = this.path(other, one).latencyMs = latencyMs
    }
  }

  /** 'relay2', 'member3' or 'liar4'. */
  nameOf(index: number): string {
    if (this.isLiar(index)) return `liar${index}`
    return `${this.topology.relays.has(index) ? 'relay' : 'member'}${index}`
  }

  addressOf(index: number): string {
    return this.world.addressOf(this.nameOf(index))
  }

  /** How messages travel from one node to another now. */
  path(from: number, to: number): ReturnType<SimNetwork['path']> {
    return this.network.path(this.nameOf(from), this.nameOf(to))
  }

  /** Messages pass between the two, both ways. */
  isOpen(one: number, other: number): boolean {
    return this.path(one, other).state === 'open' && this.path(other, one).state === 'open'
  }

  process(index: number): SimProcess | undefined {
    return this.#running[index]
  }

  processes(): SimProcess[] {
    return this.#running.filter((process) => process !== undefined)
  }

  /** The router that runs in this process of the network; undefined for one that is gone or that is no router of this world. */
  processIn(node: SimNode): SimProcess | undefined {
    return this.#byNode.get(node)
  }

  /** Called with every process that starts from now on, before it has any link. */
  onStart(listener: (process: SimProcess) => void): void {
    this.#started.push(listener)
  }

  /** Every node, one after another, in the same moment. */
  startAll(): void {
    for (let index = 0; index < this.topology.nodes; index += 1) {
      if (this.isLiar(index)) this.#startLiar(index)
      else this.start(index)
    }
  }

  /** In a world with liars some invariants hold only among the others, or not at all. */
  get hasLiars(): boolean {
    return (this.#options.liars?.size ?? 0) > 0
  }

  isLiar(index: number): boolean {
    return this.#options.liars?.has(index) === true
  }

  /** The liars that run. */
  liars(): LyingNode[] {
    return [...this.#liars.values()]
  }

  /** A new process of a node that does not run. */
  start(index: number, options: { readonly wallTimeShiftMs?: number | undefined } = {}): SimProcess {
    const name = this.nameOf(index)
    const node = this.network.node(name)
    node.wallTimeShiftMs = options.wallTimeShiftMs ?? 0
    const router = this.world.startRouter(name, this.topology.relays.has(index) ? 'relay' : 'member', this.#options.router)
    const process: SimProcess = { index, name, node, router, startedAt: this.network.clock.now() }
    this.#running[index] = process
    this.#byNode.set(node, process)
    for (const listener of this.#started) listener(process)
    this.#join(index, { name, node, addChannel: (channel) => void router.addChannel(channel) })
    return process
  }

  #startLiar(index: number): void {
    const name = this.nameOf(index)
    const dice = this.world.diceOf(name)
    const node = this.network.node(name)
    const liar = new LyingNode(this.world.startIdentity(name, 'member', dice), node, dice)
    this.#liars.set(index, liar)
    this.#join(index, { name, node, addChannel: (channel) => liar.addChannel(channel) })
  }

  #join(index: number, participant: Participant): void {
    this.#participants[index] = participant
    for (const link of this.#links) if (link.dialer === index) this.#dialSoon(link, 0)
  }

  /** Ends a process, a liar's too. `told`: its neighbours hear of it; else their links stay until they notice. */
  kill(index: number, told: boolean): void {
    const participant = this.#participants[index]
    if (participant === undefined) return
    this.#participants[index] = undefined
    this.#running[index] = undefined
    this.#liars.delete(index)
    this.#byNode.delete(participant.node)
    this.network.kill(participant.name, told)
    for (const link of this.#links) if (link.dialer === index) link.channel = undefined
  }

  /**
   * A second process with the key and address of a node, a copy of its profile, that dials one other node. Ends after a while
   * or with its only link.
   */
  startClone(index: number, at: number, lifeMs: number): void {
    const host = this.#participants[at]
    const name = `clone${this.#clones} of ${this.nameOf(index)}`
    this.#clones += 1
    if (host === undefined) return
    const router = this.world.startRouter(name, 'member', { ...this.#options.router, keyOf: this.nameOf(index) })
    const node = this.network.node(name)
    const process: SimProcess = { index, name, node, router, startedAt: this.network.clock.now() }
    this.#byNode.set(node, process)
    for (const listener of this.#started) listener(process)
    const [dialed, accepted] = this.network.connect(name, host.name)
    host.node.perform(() => host.addChannel(accepted))
    node.perform(() => void router.addChannel(dialed))
    this.network.clock.setTimer(lifeMs, () => {
      this.#byNode.delete(node)
      this.network.kill(name, true)
    })
  }

  /** Ends a process that nobody shall start again. */
  killForGood(index: number, told: boolean): void {
    this.kill(index, told)
    this.#gone.add(index)
  }

  isGone(index: number): boolean {
    return this.#gone.has(index)
  }

  run(ms: number): void {
    this.network.clock.runFor(ms)
  }

  performed(node: SimNode): void {
    this.watcher?.performed?.(node)
  }

  delivered(channel: SimChannel, message: Uint8Array, harmed: boolean): void {
    this.watcher?.delivered?.(channel, message, harmed)
  }

  ended(channel: SimChannel): void {
    this.lastLinkChangeAt = this.network.clock.now()
    const link = channel.role === 'dialer' ? this.#links.find((kept) => kept.channel === channel) : undefined
    if (link !== undefined) {
      link.channel = undefined
      this.#dialSoon(link, this.dice.between(...redialMs))
    }
    this.watcher?.ended?.(channel)
  }

  #dialSoon(link: KeptLink, delayMs: number): void {
    if (link.dialing || link.channel !== undefined) return
    link.dialing = true
    this.network.clock.setTimer(delayMs, () => this.#dial(link))
  }

  #dial(link: KeptLink): void {
    link.dialing = false
    const dialer = this.#participants[link.dialer]
    // Whoever starts dials.
    if (dialer === undefined || link.channel !== undefined) return
    const there = this.path(link.dialer, link.listener)
    const back = this.path(link.listener, link.dialer)
    const listener = this.#participants[link.listener]
    if (listener === undefined || !this.isOpen(link.dialer, link.listener)) return this.#dialSoon(link, this.dice.between(...redialMs))
    const [dialed, accepted] = this.network.connect(dialer.name, listener.name)
    link.channel = dialed
    this.lastLinkChangeAt = this.network.clock.now()
    this.network.clock.setTimer(there.latencyMs, () => listener.node.perform(() => listener.addChannel(accepted)))
    this.network.clock.setTimer(there.latencyMs + back.latencyMs, () => dialer.node.perform(() => dialer.addChannel(dialed)))
  }
}
