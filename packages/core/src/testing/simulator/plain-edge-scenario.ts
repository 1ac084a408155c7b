// A mesh of ours with plain ALN routers at its edge: models of the Python, the Node.js and the Go one, half of them with
// two gateways. Some things break; at the end each pair that is joined by links must reach each other, and nobody talks
// more than a network at rest does.

import type { Carries, Channel } from '../../channel/channel.ts'
import type { Link } from '../../link/link.ts'
import type { Router } from '../../routing/router.ts'
import { plainStacks } from '../plain-models/plain-stack.ts'
import { PlainRouterModel } from '../plain-models/plain-router-model.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { oursAsEnd, plainAsEnd } from './plain-edge-ends.ts'
import { plainFaultKinds, PlainEdgeFaults, type EdgeLink } from './plain-edge-faults.ts'
import { PlainEdgeGraph } from './plain-edge-graph.ts'
import { ScenarioFailure } from './scenario-outcome.ts'
import type { ScenarioOutcome } from './scenario-outcome.ts'
import { SimWorld } from './sim-world.ts'

/** What the dice would else decide. */
export interface PlainEdgeScenarioOptions {
  /** Default 6. */
  readonly faults?: number | undefined
  /** How long everybody has to find everybody after the last fault. Default 30 000. */
  readonly healingMs?: number | undefined
  /** Whether plain nodes may be linked with each other, too. Default: in a third of the seeds. */
  readonly chained?: boolean | undefined
}

/** What a world with plain nodes came to. */
export interface PlainEdgeOutcome extends ScenarioOutcome {
  /** Ordered pairs of nodes that are joined by links: those that reached each other at the end, and those that did not. */
  readonly pairsOk: number
  readonly pairsDark: number
  readonly dark: readonly string[]
  /** Packets of all plain nodes in a second of the rest at the end. */
  readonly packetsPerSecond: number
}

/** Throws a ScenarioFailure: for a storm, for a plain node that died, for a node that is gone and still seen, for a dark pair without faults. */
export function runPlainEdgeScenario(seed: number, options: PlainEdgeScenarioOptions = {}): PlainEdgeOutcome {
  return new PlainEdgeScenario(seed, options).run()
}

/** Of one plain node, within any second: a table told on a link is some dozens. */
const stormPacketsMax = 5_000
/** Of one plain node at rest, on average of the rest; each link has its refresh and nothing else. */
const restPacketsMax = 12
const settlingMs = 12_000
const answerMs = 5_000
const leavingMs = 10_000
const restMs = 40_000

class PlainEdgeScenario {
  readonly #seed: number
  readonly #options: PlainEdgeScenarioOptions
  readonly #world: SimWorld
  readonly #dice: SeededDice
  readonly #graph: PlainEdgeGraph
  readonly #routers = new Map<string, Router>()
  readonly #models = new Map<string, PlainRouterModel>()
  /** Packets of models that have ended. */
  #endedPackets = 0
  #routeChanges = 0
  #calls = 0
  #answers = 0

  constructor(seed: number, options: PlainEdgeScenarioOptions) {
    this.#seed = seed
    this.#options = options
    this.#world = new SimWorld(seed)
    this.#dice = this.#world.network.dice.fork('scenario')
    this.#graph = new PlainEdgeGraph(this.#dice, options.chained)
  }

  run(): PlainEdgeOutcome {
    const { network } = this.#world
    for (const name of this.#graph.ours) this.#startOurs(name)
    for (const name of this.#graph.plain.keys()) this.#startPlain(name)
    this.#runFor(settlingMs)
    const before = this.#pairs()
    if (before.dark.length > 0) this.#fail(`without faults no answer came for ${before.dark.join(', ')}`)
    const faults = this.#options.faults ?? 6
    this.#injectFaults(faults)
    network.note('rest')
    this.#runFor(this.#options.healingMs ?? 30_000)
    const { ok, dark } = this.#pairs()
    const packetsPerSecond = this.#checkRest()
    this.#checkNearest()
    this.#checkLeaving()
    return {
      seed: this.#seed,
      digest: network.digest(),
      deliveries: network.deliveries,
      routeChanges: this.#routeChanges,
      faults,
      calls: this.#calls,
      answers: this.#answers,
      virtualMs: network.clock.now(),
      pairsOk: ok,
      pairsDark: dark.length,
      dark,
      packetsPerSecond,
    }
  }

  #startOurs(name: string): void {
    const { network } = this.#world
    const router = this.#world.startRouter(name, name.startsWith('relay') ? 'relay' : 'member')
    this.#routers.set(name, router)
    router.on('destination', ({ address, state }) => {
      this.#routeChanges += 1
      network.note(`${name}: ${address} ${state}`)
    })
    router.registerService(
      'echo',
      (packet) => void router.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: packet.data }),
    )
    for (const { to, carries } of this.#graph.links.filter(({ from }) => from === name)) {
      let link: Link | undefined
      this.#keepDialed(
        name,
        to,
        carries,
        (channel) => (link = router.addChannel(channel)),
        () => link !== undefined && router.links().includes(link),
      )
    }
  }

  #startPlain(name: string): void {
    const { network } = this.#world
    const model = new PlainRouterModel(name, plainStacks[this.#graph.plain.get(name) ?? 'python'], network.node(name).clock)
    this.#models.set(name, model)
    network.listen(name, (channel) => model.addChannel(channel))
    model.registerService('echo', (packet) => model.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: packet.data }))
    for (const { to, carries } of this.#graph.links.filter(({ from }) => from === name)) {
      let up = false
      this.#keepDialed(
        name,
        to,
        carries,
        (channel) => model.addChannel(channel, () => (up = false)),
        () => up,
        () => (up = true),
      )
    }
  }

  /** Whoever dials keeps its link up, with a try about each second. */
  #keepDialed(
    name: string,
    to: string,
    carries: Carries,
    add: (channel: Channel) => unknown,
    isUp: () => boolean,
    opened: () => void = () => {},
  ): void {
    const { network } = this.#world
    const { clock } = network.node(name)
    let dialing = false
    const look = (): void => {
      if (!dialing && !isUp()) {
        dialing = true
        network.dialThen(name, to, { carries, medium: carries === 'stream' ? 'tcp' : 'websocket' }, (outcome) => {
          dialing = false
          if (outcome instanceof Error) return
          opened()
          add(outcome)
        })
      }
      clock.setTimer(this.#dice.between(500, 1_500), look)
    }
    look()
  }

  #injectFaults(count: number): void {
    const { network } = this.#world
    // What plain nodes believe of each other is theirs: where they are linked, those links and their ends end in the open.
    const among = (link: EdgeLink): boolean => this.#graph.plain.has(link.from) && this.#graph.plain.has(link.to)
    const faults = new PlainEdgeFaults(
      network,
      this.#dice,
      this.#graph.links.filter((link) => !among(link)),
      {
        restartOurs: (name) => this.#restart(name, true, () => this.#startOurs(name)),
        restartPlain: (name, told) => this.#restart(name, told || this.#graph.chained, () => this.#startPlain(name)),
        changeService: (name) => this.#changeService(name),
      },
    )
    const kinds = plainFaultKinds.filter(() => this.#dice.chance(0.7))
    for (let fault = 0; fault < count; fault += 1) {
      network.note(faults.inject(kinds.length > 0 ? kinds : plainFaultKinds, this.#graph.ours, [...this.#graph.plain.keys()]))
      this.#runFor(this.#dice.between(1, this.#dice.chance(0.3) ? 15_000 : 1_500))
    }
    faults.endStalls()
  }

  #restart(name: string, told: boolean, start: () => void): void {
    const { network } = this.#world
    if (network.running(name) === undefined) return
    this.#end(name, told)
    network.clock.setTimer(this.#dice.between(10, 5_000), () => {
      network.note(`${name} returns`)
      start()
    })
  }

  #end(name: string, told: boolean): void {
    this.#endedPackets += this.#models.get(name)?.packets ?? 0
    this.#models.delete(name)
    this.#routers.delete(name)
    this.#world.network.kill(name, told)
  }

  #changeService(name: string): void {
    const service = this.#dice.pick(['a', 'b'])
    const node = this.#routers.get(name) ?? this.#models.get(name)
    // A load of 0 of the Go router ends a Python router next to it: what plain nodes do to each other is theirs.
    const harmful = this.#graph.chained && this.#graph.plain.has(name)
    if (harmful || this.#dice.chance(0.6)) node?.registerService(service, () => {})
    else node?.unregisterService(service)
  }

  /** Each ordered pair of nodes that hang together asks once. */
  #pairs(): { ok: number; dark: string[] } {
    // Plain nodes are told of no relay but the one they have a link to.
    const members = [...this.#routers].filter(([name]) => !name.startsWith('relay'))
    const ends = [
      ...members.map(([name, router]) => oursAsEnd(name, router)),
      ...Array.from(this.#models, ([name, model]) => plainAsEnd(name, model)),
    ]
    const dark = new Set<string>()
    let asked = 0
    for (const one of ends) {
      const joined = this.#joined(one.name)
      for (const other of ends) {
        if (one === other || !joined.has(other.name)) continue
        const pair = `${one.name} > ${other.name}`
        dark.add(pair)
        asked += 1
        this.#calls += 1
        one.ask(other, `${pair} ${this.#calls}`, () => {
          if (dark.delete(pair)) this.#answers += 1
        })
      }
    }
    this.#runFor(answerMs)
    return { ok: asked - dark.size, dark: [...dark] }
  }

  #joined(name: string): Set<string> {
    const { network } = this.#world
    const joined = new Set([name])
    for (const at of joined) {
      for (const { from, to } of this.#graph.links) {
        if (at !== from && at !== to) continue
        const open = network.path(from, to).state === 'open' && network.path(to, from).state === 'open'
        if (open && network.running(from) && network.running(to)) joined.add(from).add(to)
      }
    }
    return joined
  }

  #checkRest(): number {
    const before = this.#packets()
    this.#runFor(restMs)
    const perSecond = (this.#packets() - before) / (restMs / 1_000)
    if (perSecond > restPacketsMax * this.#models.size) this.#fail(`at rest the plain nodes speak ${perSecond.toFixed(1)} packets a second`)
    return perSecond
  }

  /** L2: who has a link to a plain node counts it as a neighbour, whatever it heard besides. */
  #checkNearest(): void {
    const { network } = this.#world
    for (const { from, to } of this.#graph.links) {
      const router = this.#routers.get(to)
      if (!this.#models.has(from) || router === undefined || network.path(from, to).state !== 'open') continue
      const hops = router.destination(from)?.hops
      if (hops !== 1) this.#fail(`${to} has a link to ${from} and counts ${hops} hops`)
    }
  }

  /** Whoever is gone is forgotten by all of ours. */
  #checkLeaving(): void {
    const name = this.#dice.pick([...this.#models.keys()])
    this.#world.network.note(`${name} leaves for good`)
    this.#end(name, true)
    this.#runFor(leavingMs)
    const deceived = [...this.#routers].filter(([, router]) => router.destination(name) !== undefined).map(([other]) => other)
    if (deceived.length > 0) this.#fail(`${name} is gone for ten seconds, but still there for ${deceived.join(', ')}`)
  }

  #packets(): number {
    return [...this.#models.values()].reduce((sum, { packets }) => sum + packets, this.#endedPackets)
  }

  /** In steps, so that a storm ends the run and not the machine. */
  #runFor(ms: number): void {
    const { clock } = this.#world.network
    for (let left = ms; left > 0; left -= 1_000) {
      for (let part = 0; part < 10; part += 1) {
        const before = this.#packets()
        clock.runFor(Math.min(100, Math.max(0, left - part * 100)))
        if (this.#packets() - before > stormPacketsMax) this.#fail(`a storm: ${this.#packets() - before} plain packets in 100 ms`)
      }
      for (const [name, { death, stack }] of this.#models) if (death !== undefined) this.#fail(`${name} (${stack.name}) died of ${death}`)
    }
  }

  #fail(what: string): never {
    throw new ScenarioFailure(this.#seed, what, this.#world.network)
  }
}
