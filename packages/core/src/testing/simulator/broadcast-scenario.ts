// What is said to all, in a world that falls apart and heals: at least twenty routers, at least three partitions, and whatever
// else the dice want. Whoever is there at the end has everything that was said by, or heard of by, anybody who is there; nothing
// twice; and of each origin in its order.

import { MeshError } from '../../errors/mesh-error.ts'
import { gapWaitMs } from '../../gossip/gossip-limits.ts'
import type { Router } from '../../routing/router.ts'
import type { SeededDice } from '../seeded-dice.ts'
import { RoutedWorld, type SimProcess } from './routed-world.ts'
import { ScenarioFailure } from './scenario-outcome.ts'
import { neighboursOf, randomRegular, starOfRelays, treeWithChords, grid, type Topology } from './topology.ts'
import { healWorld, injectWorldFault, worldFaultKinds, type WorldFaultKind } from './world-faults.ts'

/** What the dice would else decide. */
export interface BroadcastScenarioOptions {
  /** Default 20 … 26. */
  readonly nodes?: number | undefined
  /** Default 3 … 5. */
  readonly partitions?: number | undefined
  readonly recorded?: boolean | undefined
}

/** What a world of broadcasts came to. */
export interface BroadcastOutcome {
  readonly seed: number
  readonly digest: string
  readonly deliveries: number
  readonly routeChanges: number
  readonly faults: number
  readonly partitions: number
  /** Broadcasts, and times that one was delivered to an app. */
  readonly said: number
  readonly heard: number
  readonly virtualMs: number
}

/** Throws a ScenarioFailure. */
export function runBroadcastScenario(seed: number, options: BroadcastScenarioOptions = {}): BroadcastOutcome {
  return new BroadcastScenario(seed, options).run()
}

const service = '$news'
/** Partitions come anyway; the rest is about who is who. */
const otherFaults: ReadonlySet<WorldFaultKind> = new Set(['clock back', 'storage lost', 'partition', 'address clash', 'lie'])
const lesserFaults = worldFaultKinds.filter((kind) => !otherFaults.has(kind))
/** Links that died unnoticed, pauses, and two comparisons. */
const restMs = 120_000

interface Said {
  readonly text: string
  readonly by: SimProcess
  readonly place: number
  readonly at: number
}

class BroadcastScenario {
  readonly #seed: number
  readonly #world: RoutedWorld
  readonly #dice: SeededDice
  readonly #options: BroadcastScenarioOptions
  readonly #topology: Topology
  readonly #said = new Map<string, Said>()
  readonly #saidBy = new Map<SimProcess, number>()
  /** By process, what it heard. */
  readonly #heard = new Map<SimProcess, Set<string>>()
  readonly #places = new Map<SimProcess, Map<SimProcess, number>>()
  #heardCount = 0
  #partitions = 0

  constructor(seed: number, options: BroadcastScenarioOptions) {
    this.#seed = seed
    this.#options = options
    const drawing = new RoutedWorld(`broadcasts ${seed}`, { name: '', nodes: 0, edges: [], relays: new Set() }).dice.fork('drawn')
    this.#dice = drawing
    this.#topology = drawWide(options.nodes ?? drawing.between(20, 26), drawing)
    this.#world = new RoutedWorld(`broadcasts ${seed}`, this.#topology, {
      digest: options.recorded ?? false,
      latenciesMs: [1, drawing.pick([5, 40, 150])],
    })
    this.#world.onStart((process) => this.#listen(process))
  }

  run(): BroadcastOutcome {
    const { network } = this.#world
    const lesser = this.#dice.chance(0.7) ? lesserFaults.filter(() => this.#dice.chance(0.4)) : []
    this.#world.startAll()
    this.#world.run(this.#dice.between(0, 6_000))
    const partitions = this.#options.partitions ?? this.#dice.between(3, 5)
    let faults = 0
    for (let at = 0; at < partitions; at += 1) {
      this.#partition()
      for (let steps = this.#dice.between(2, 10); steps > 0; steps -= 1) {
        for (let count = this.#dice.between(0, 4); count > 0; count -= 1) this.#say()
        if (lesser.length > 0 && this.#dice.chance(0.3)) {
          faults += 1
          network.note(injectWorldFault(this.#world, this.#dice.fork(`fault ${faults}`), { kinds: lesser, awayMsMax: 20_000 }))
        }
        this.#world.run(this.#dice.between(1, this.#dice.chance(0.2) ? 20_000 : 1_500))
      }
      network.note('everything heals')
      healWorld(this.#world)
      this.#world.run(this.#dice.between(1, 10_000))
    }
    this.#world.run(restMs)
    this.#check()
    return {
      seed: this.#seed,
      digest: this.#options.recorded === true ? network.digest() : '',
      deliveries: network.deliveries,
      routeChanges: partitions,
      faults: faults + partitions,
      partitions: this.#partitions,
      said: this.#said.size,
      heard: this.#heardCount,
      virtualMs: network.clock.now(),
    }
  }

  /** A connected part of the world is cut off, told or not. */
  #partition(): void {
    const { network, topology } = this.#world
    const group = new Set([this.#dice.between(0, topology.nodes - 1)])
    const size = this.#dice.between(1, Math.floor(topology.nodes / 2))
    const neighbours = neighboursOf(topology)
    for (const node of group) for (const other of neighbours[node] ?? []) if (group.size < size) group.add(other)
    const told = this.#dice.chance(0.6)
    for (const [one, other] of topology.edges) {
      if (group.has(one) === group.has(other)) continue
      const [here, there] = [this.#world.nameOf(one), this.#world.nameOf(other)]
      if (told) network.cut(here, there)
      else {
        network.silence(here, there)
        network.silence(there, here)
      }
    }
    this.#partitions += 1
    network.note(`partition ${this.#partitions}, ${told ? 'told' : 'silent'}: ${[...group].join(' ')}`)
  }

  #say(): void {
    const speakers = this.#world.processes().filter(({ index, node }) => !topologyHasRelay(this.#topology, index) && !node.paused)
    if (speakers.length === 0) return
    const by = this.#dice.pick(speakers)
    const burst = this.#dice.chance(0.1) ? this.#dice.between(2, 12) : 1
    for (let count = 0; count < burst; count += 1) {
      const place = (this.#saidBy.get(by) ?? 0) + 1
      this.#saidBy.set(by, place)
      const text = `${by.name} since ${by.startedAt}: ${place}`
      this.#said.set(text, { text, by, place, at: this.#world.network.clock.now() })
      this.#world.network.note(`${text} is said`)
      const data = `${text}${' '.repeat(this.#dice.chance(0.1) ? 2_000 : 0)}`
      by.node.perform(() => this.#sayToAll(by.router, data))
    }
  }

  #sayToAll(router: Router, data: string): void {
    const said = router.say({ service, data })
    if (said instanceof MeshError) this.#fail(`'${data.trim()}' was refused: ${said.message}`)
  }

  #listen(process: SimProcess): void {
    if (topologyHasRelay(this.#topology, process.index)) return
    const heard = new Set<string>()
    const places = new Map<SimProcess, number>()
    this.#heard.set(process, heard)
    this.#places.set(process, places)
    process.router.registerService(service, ({ data }) => {
      const text = (typeof data === 'string' ? data : new TextDecoder().decode(data)).trim()
      const said = this.#said.get(text)
      const who = `${process.name} since ${process.startedAt}`
      // The router would catch what is thrown here.
      if (said === undefined) return this.#failLater(`${who} hears '${text}', which nobody said`)
      if (heard.has(text)) return this.#failLater(`${who} hears '${text}' twice`)
      // What nobody could have had for so long comes late rather than never.
      const late = this.#world.network.clock.now() - said.at >= gapWaitMs
      if ((places.get(said.by) ?? 0) > said.place && !late) this.#failLater(`${who} hears '${text}' after number ${places.get(said.by)}`)
      this.#heardCount += 1
      this.#world.network.note(`${who} hears '${text}'`)
      heard.add(text)
      places.set(said.by, Math.max(said.place, places.get(said.by) ?? 0))
    })
  }

  #broken: string | undefined
  #failLater(what: string): void {
    this.#broken ??= what
  }

  /** Everything that somebody here has, everybody here has. */
  #check(): void {
    if (this.#broken !== undefined) this.#fail(this.#broken)
    const here = this.#world.processes().filter(({ index }) => !topologyHasRelay(this.#topology, index))
    for (const { text, by } of this.#said.values()) {
      const has = (process: SimProcess): boolean => process === by || this.#heard.get(process)?.has(text) === true
      if (!here.some(has)) continue
      const deaf = here.filter((process) => !has(process) && process.name !== by.name)
      if (deaf.length > 0)
        this.#fail(`'${text}' never came to ${deaf.map(({ name, startedAt }) => `${name} since ${startedAt}`).join(', ')}`)
    }
  }

  #fail(what: string): never {
    throw new ScenarioFailure(this.#seed, what, this.#world.network)
  }
}

function topologyHasRelay({ relays }: Topology, index: number): boolean {
  return relays.has(index)
}

/** Shapes in which there is more than one way, and some in which there is not. */
function drawWide(nodes: number, dice: SeededDice): Topology {
  switch (dice.between(0, 4)) {
    case 0:
      return grid(nodes)
    case 1:
      return starOfRelays(nodes, dice.between(1, 4), dice.between(1, 2))
    case 2:
      return treeWithChords(nodes, dice.between(0, nodes), dice)
    default:
      return randomRegular(nodes, dice.between(3, 6), dice)
  }
}
