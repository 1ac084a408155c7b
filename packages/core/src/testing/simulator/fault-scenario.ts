// One seed of the big world: a topology, faults of every kind, packets in between, all invariants after every event; then
// everything heals, and the world must come to rest as it should be.

import type { SeededDice } from '../seeded-dice.ts'
import { Invariants } from './invariants.ts'
import { healingBoundMs, strikeLastBlow } from './last-blow.ts'
import { unreached, unrest } from './rest.ts'
import { RoutedWorld } from './routed-world.ts'
import { ScenarioFailure } from './scenario-outcome.ts'
import { drawTopology, type Topology } from './topology.ts'
import { Traffic } from './traffic.ts'
import {
  drawWorldFaults,
  healWorld,
  injectWorldFault,
  strikeWorld,
  type WorldFault,
  type WorldFaultKind,
  type WorldFaultOptions,
} from './world-faults.ts'

/** What the dice would else decide. */
export interface FaultScenarioOptions {
  /** Of a drawn topology. Default 8 for odd seeds, 20 for even ones. */
  readonly nodes?: number | undefined
  /** Who is joined to whom, in place of what the seed draws. */
  readonly topology?: Topology | undefined
  /** How many are drawn; default 25. Or these, one after another. */
  readonly faults?: number | readonly WorldFault[] | undefined
  /** Of these kinds, in place of those that the seed draws. With `lie` among them one node lies. */
  readonly kinds?: readonly WorldFaultKind[] | undefined
  /** From one fault to the next, at most; default: drawn, 5 … 1 000. */
  readonly gapMsMax?: number | undefined
  /** Faults by their place, from 1 on, that are left out: everything else is drawn as if they were there. */
  readonly without?: ReadonlySet<number> | undefined
  /** How much longer than its bound healing may take, for routers that are known to be slow at it. Default 0. */
  readonly slackMs?: number | undefined
  /** Whether a history is kept and a digest made. Default false: thousands of seeds go by without. */
  readonly recorded?: boolean | undefined
}

/** What a world of faults came to. */
export interface FaultOutcome {
  readonly seed: number
  /** What the seed drew, for people. */
  readonly drawn: string
  /** Of everything that happened, when it was recorded. */
  readonly digest: string
  /** Messages that channels delivered. */
  readonly deliveries: number
  /** Times that a node took another way to another node. */
  readonly routeChanges: number
  readonly faults: number
  readonly packetsSent: number
  readonly packetsArrived: number
  /** Events of the clock, and origins that were held against the invariants after them. */
  readonly events: number
  readonly checks: number
  /** From the last change of a link to rest, in steps of `restEveryMs`. */
  readonly restedAfterMs: number
  readonly virtualMs: number
}

/** Throws a ScenarioFailure. */
export function runFaultScenario(seed: number, options: FaultScenarioOptions = {}): FaultOutcome {
  return new FaultScenario(seed, options).run()
}

/** Worlds that suffer a last blow. */
const lastBlowShare = 0.3
/** Worlds with a liar in them. */
const lyingShare = 0.1
/** How often it is looked whether the world has come to rest. */
const restEveryMs = 500
/** How long that may take once all are awake and no link is another any more: every retry. And at the very last. */
const restWithinMs = 60_000
const restAtLastMs = 600_000
/** A world at rest stays so. */
const quietForMs = 1_000
const answersWithinMs = 30_000

class FaultScenario {
  readonly #seed: number
  readonly #options: FaultScenarioOptions
  readonly #dice: SeededDice
  readonly #topology: Topology
  readonly #faults: WorldFaultOptions
  readonly #planned: readonly WorldFault[] | undefined
  readonly #faultCount: number
  readonly #gapMsMax: number
  readonly #world: RoutedWorld
  readonly #invariants: Invariants
  readonly #traffic: Traffic

  constructor(seed: number, options: FaultScenarioOptions) {
    this.#seed = seed
    this.#options = options
    const recorded = options.recorded ?? false
    const drawing = new RoutedWorld(seed, { name: '', nodes: 0, edges: [], relays: new Set() }).dice.fork('drawn')
    this.#dice = drawing
    this.#topology = options.topology ?? drawTopology(options.nodes ?? (seed % 2 === 0 ? 20 : 8), drawing)
    const { faults = 25 } = options
    this.#planned = typeof faults === 'number' ? undefined : faults
    this.#faultCount = typeof faults === 'number' ? faults : faults.length
    const kinds = this.#planned?.map(({ kind }) => kind) ?? options.kinds
    const lying = kinds ? kinds.includes('lie') : drawing.chance(lyingShare)
    const liars = new Set(lying ? [drawing.between(0, this.#topology.nodes - 1)] : [])
    const drawn = drawWorldFaults(drawing, liars.size > 0)
    this.#faults = kinds ? { ...drawn, kinds } : drawn
    const gapMsMax = drawing.chance(0.15) ? drawing.pick([300, 1_000]) : drawing.pick([5, 20, 100])
    this.#gapMsMax = options.gapMsMax ?? gapMsMax
    const latencyMsMax = drawing.pick([2, 20, 100])
    // Where all links are alike, much happens in one moment.
    const alike = drawing.chance(0.6)
    this.#world = new RoutedWorld(seed, this.#topology, { digest: recorded, latenciesMs: [alike ? latencyMsMax : 1, latencyMsMax], liars })
    const broken = (what: string): never => this.#fail(what)
    this.#invariants = new Invariants(this.#world, broken)
    this.#traffic = new Traffic(this.#world, this.#invariants, broken)
    this.#world.watcher = {
      performed: (node) => this.#invariants.performed(node),
      delivered: (channel, message, harmed) => this.#traffic.delivered(channel, message, harmed),
    }
    if (recorded) this.#record()
  }

  run(): FaultOutcome {
    const { network } = this.#world
    this.#world.startAll()
    this.#world.run(this.#dice.between(0, 2_000))
    for (let fault = 1; fault <= this.#faultCount; fault += 1) this.#fault(fault)
    this.#note('everything heals')
    healWorld(this.#world)
    this.#endLies()
    let restedAfterMs = this.#comeToRest()
    if (this.#dice.chance(lastBlowShare)) {
      this.#note(`the last blow: ${this.#lastBlow()}`)
      restedAfterMs = Math.max(restedAfterMs, this.#comeToRest())
    }
    // A link that lost something unnoticed may break now, and take packets with it: then all begins anew.
    for (let times = 0; !this.#everybodyAnswers(); times += 1) {
      if (times > this.#topology.edges.length) this.#fail('links break for ever')
      restedAfterMs = this.#comeToRest()
    }
    return {
      seed: this.#seed,
      drawn: this.drawn(),
      digest: this.#options.recorded === true ? network.digest() : '',
      deliveries: network.deliveries,
      routeChanges: this.#invariants.routeChanges,
      faults: this.#faultCount,
      packetsSent: this.#traffic.sent,
      packetsArrived: this.#traffic.arrived,
      events: network.clock.ran,
      checks: this.#invariants.checks,
      restedAfterMs,
      virtualMs: network.clock.now(),
    }
  }

  drawn(): string {
    const { kinds, awayMsMax } = this.#faults
    return `${this.#topology.name}, a fault each ${this.#gapMsMax} ms at most, away ${awayMsMax} ms at most: ${[...new Set(kinds)].join(', ')}`
  }

  /** Nothing is at rest as long as somebody lies; what was believed of him must not outlive him. */
  #endLies(): void {
    for (let index = 0; index < this.#topology.nodes; index += 1)
      if (this.#world.isLiar(index)) this.#world.killForGood(index, this.#dice.chance(0.5))
  }

  /** With dice of its own, so that the others are the same without it. */
  #fault(place: number): void {
    const dice = this.#dice.fork(`fault ${place}`)
    if (this.#options.without?.has(place) !== true) this.#note(`fault ${place}: ${this.#strike(dice, this.#planned?.[place - 1])}`)
    this.#packets(dice, dice.between(0, 3))
    this.#world.run(dice.between(0, this.#gapMsMax))
  }

  #strike(dice: SeededDice, planned: WorldFault | undefined): string {
    return planned ? strikeWorld(this.#world, dice, planned, this.#faults.awayMsMax) : injectWorldFault(this.#world, dice, this.#faults)
  }

  #packets(dice: SeededDice, count: number): void {
    const processes = this.#world.processes()
    if (processes.length < 2) return
    for (let packet = 0; packet < count; packet += 1) {
      const from = dice.pick(processes)
      const to = dice.pick(processes)
      if (from !== to) this.#traffic.send(from, to)
    }
  }

  /**
   * Out of rest, something goes and does not come back: what was the shortest way before is none any more. From the moment in
   * which all who can notice have noticed, everybody who is joined must have found another way soon (I6).
   */
  #lastBlow(): string {
    const blow = strikeLastBlow(this.#world, this.#dice.fork('last blow'))
    const { network } = this.#world
    this.#world.run(blow.noticedAfterMs)
    const boundMs = healingBoundMs(this.#world) + (this.#options.slackMs ?? 0)
    this.#world.run(Math.max(0, this.#world.lastLinkChangeAt + boundMs - network.clock.now()))
    // Only a world in which no other link broke meanwhile was given this time.
    const wrong = network.clock.now() - this.#world.lastLinkChangeAt >= boundMs ? unreached(this.#world, this.#invariants) : undefined
    if (wrong !== undefined) this.#fail(`I6: ${Math.round(boundMs)} ms after ${blow.what} ${wrong}`)
    return blow.what
  }

  #comeToRest(): number {
    const { network } = this.#world
    const healedAt = network.clock.now()
    let awakeAt = healedAt
    for (;;) {
      this.#world.run(restEveryMs)
      const now = network.clock.now()
      const asleep = this.#asleep()
      if (asleep !== undefined) awakeAt = now
      const wrong = asleep ?? unrest(this.#world, this.#invariants)
      if (wrong === undefined && this.#staysAtRest()) return Math.max(0, now - Math.max(healedAt, this.#changedAt()))
      if (now - Math.max(awakeAt, this.#changedAt()) > restWithinMs || now - awakeAt > restAtLastMs)
        this.#fail(`no rest ${now - awakeAt} ms after all were awake: ${wrong ?? 'tables change for ever'}`)
    }
  }

  /** Links, or what they cost. */
  #changedAt(): number {
    return Math.max(this.#world.lastLinkChangeAt, this.#world.lastCostChangeAt)
  }

  /** False when something was still under way, or a link broke that had lost something unnoticed: then all begins anew. */
  #staysAtRest(): boolean {
    const changedAt = this.#changedAt()
    const before = this.#revisions()
    this.#world.run(quietForMs)
    if (this.#changedAt() !== changedAt || this.#revisions() !== before) return false
    const wrong = unrest(this.#world, this.#invariants)
    // Who said too much is read slowly: what a liar said may be read long after it is gone.
    if (wrong !== undefined && !this.#world.hasLiars) this.#fail(`no lasting rest: ${wrong}`)
    return wrong === undefined
  }

  /** Another number, and some table is another. */
  #revisions(): number {
    let sum = 0
    for (const { router } of this.#world.processes()) sum += router.revision
    return sum
  }

  #asleep(): string | undefined {
    for (let index = 0; index < this.#topology.nodes; index += 1) {
      const process = this.#world.process(index)
      if (process === undefined ? !this.#world.isGone(index) : process.node.paused) return `${this.#world.nameOf(index)} is away`
    }
    return undefined
  }

  /** What the tables promise is what packets find. False when a link broke meanwhile. */
  #everybodyAnswers(): boolean {
    const { lastLinkChangeAt } = this.#world
    const sent: string[] = []
    for (const from of this.#world.processes()) {
      const to = this.#dice.pick(this.#world.processes())
      if (from === to || from.router.origin(to.router.address)?.selected === undefined) continue
      const name = this.#traffic.send(from, to)
      if (name === undefined) this.#fail(`at rest ${from.name} cannot send to ${to.name}`)
      sent.push(name)
    }
    let lost = sent
    for (let waited = 0; lost.length > 0 && waited < answersWithinMs; waited += restEveryMs) {
      this.#world.run(restEveryMs)
      lost = lost.filter((name) => !this.#traffic.hasArrived(name))
    }
    if (this.#world.lastLinkChangeAt !== lastLinkChangeAt) return false
    if (lost.length > 0) this.#fail(`at rest ${lost.join(', ')} did not arrive`)
    return true
  }

  #record(): void {
    this.#note(this.drawn())
    const names = new Map<string, string>()
    this.#world.onStart(({ name, router }) => {
      names.set(router.address, name)
      this.#note(`${name} starts`)
      router.on('destination', ({ address, state }) => {
        const via = router.destination(address)?.via ?? ''
        this.#note(`${name}: ${names.get(address) ?? address} ${state}${via === '' ? '' : ` via ${names.get(via) ?? via}`}`)
      })
    })
  }

  #note(what: string): void {
    if (this.#options.recorded === true) this.#world.network.note(what)
  }

  #fail(what: string): never {
    throw new ScenarioFailure(this.#seed, `${this.drawn()}: ${what}`, this.#world.network)
  }
}
