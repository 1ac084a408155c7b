// Numbers about broadcasts, in worlds of many nodes: how many payloads more than needed, how long to the last, and what of it is
// left when many nodes are gone and nobody knows.

import { GossipWorld } from './gossip-world.ts'
import { randomRegular, type Topology } from './topology.ts'

/** What broadcasts cost, and whom they reached. */
export interface BroadcastMeasure {
  /** Living nodes that could hear of it, and did not, over all broadcasts. */
  readonly missed: number
  /** Redundant payloads per node and broadcast. */
  readonly redundancy: number
  /** From a broadcast to its last hearer. */
  readonly lastMs: number
  /** Messages on links per broadcast. */
  readonly messages: number
}

export interface ChurnOptions {
  /** Of the nodes that go in a minute. */
  readonly share?: number | undefined
  readonly minutes?: number | undefined
  readonly everyMs?: number | undefined
}

export interface WorkloadOptions {
  readonly perSecond?: number | undefined
  readonly seconds?: number | undefined
  readonly latencyMs?: number | undefined
}

interface Watched {
  readonly saidAt: number
  readonly by: number
  readonly hearers: Set<number>
  lastAt: number
}

class Watch {
  readonly #world: GossipWorld
  readonly #said = new Map<string, Watched>()
  /** The next one may be left out: who is gone, who came later. */
  #mayHear: (node: number) => boolean = () => true
  #payloads = 0
  #frames = 0

  constructor(world: GossipWorld) {
    this.#world = world
    world.heard = (text, { index }) => {
      const said = this.#said.get(text)
      if (said?.hearers.has(index) === true) throw new Error(`${index} heard '${text}' twice`)
      said?.hearers.add(index)
      // Who came later catches up.
      if (said && this.#mayHear(index)) said.lastAt = world.clock.now()
    }
  }

  begin(mayHear: (node: number) => boolean): void {
    this.#said.clear()
    this.#mayHear = mayHear
    this.#payloads = this.#world.payloads
    this.#frames = this.#world.frames
  }

  say(by: number): void {
    const text = `${this.#said.size} by ${by} at ${this.#world.clock.now()}`
    this.#said.set(text, { saidAt: this.#world.clock.now(), by, hearers: new Set(), lastAt: this.#world.clock.now() })
    this.#world.say(by, text)
  }

  get measure(): BroadcastMeasure {
    let missed = 0
    let heard = 0
    let lastMs = 0
    for (const { by, hearers, saidAt, lastAt } of this.#said.values()) {
      heard += hearers.size
      lastMs = Math.max(lastMs, lastAt - saidAt)
      for (const { index, alive } of this.#world.nodes)
        if (alive && index !== by && !hearers.has(index) && this.#mayHear(index)) missed += 1
    }
    const payloads = this.#world.payloads - this.#payloads
    return {
      missed,
      redundancy: (payloads - heard) / Math.max(1, heard),
      lastMs,
      messages: (this.#world.frames - this.#frames) / Math.max(1, this.#said.size),
    }
  }
}

function living(world: GossipWorld): number[] {
  return world.nodes.filter(({ alive }) => alive).map(({ index }) => index)
}

function regularWorld(seed: number, nodes: number): GossipWorld {
  return new GossipWorld(
    seed,
    randomRegular(nodes, 6, new GossipWorld(`shape ${seed}`, { name: '', nodes: 0, edges: [], relays: new Set() }).dice),
  )
}

/** Broadcasts of random senders, until the tree stands; then `count` more of them, one in a second. */
export function measureSteady(seed: number, nodes: number, count = 20): BroadcastMeasure {
  const world = regularWorld(seed, nodes)
  const watch = new Watch(world)
  settle(world, watch)
  watch.begin(() => true)
  for (let said = 0; said < count; said += 1) {
    watch.say(world.dice.pick(living(world)))
    world.clock.runFor(1_000)
  }
  world.clock.runFor(3_000)
  return watch.measure
}

/** A share of the nodes is gone and no link has noticed: one broadcast of who is left. */
export function measureUndetectedKill(seed: number, nodes: number, share = 0.2): BroadcastMeasure {
  const world = regularWorld(seed, nodes)
  const watch = new Watch(world)
  settle(world, watch)
  const victims = new Set<number>()
  while (victims.size < Math.floor(nodes * share)) victims.add(world.dice.between(0, nodes - 1))
  for (const victim of victims) world.kill(victim, false)
  const by = world.dice.pick(living(world))
  const joined = new Set([by])
  for (const node of joined) for (const other of world.neighboursOf(node)) if (!victims.has(other)) joined.add(other)
  watch.begin((node) => joined.has(node))
  watch.say(by)
  world.clock.runFor(10_000)
  return watch.measure
}

/** Nodes go, told, and others come in their places, `share` of all in a minute; a broadcast in each `everyMs`. */
export function measureChurn(
  seed: number,
  nodes: number,
  { share = 0.2, minutes = 2, everyMs = 1_000 }: ChurnOptions = {},
): BroadcastMeasure {
  const world = regularWorld(seed, nodes)
  const watch = new Watch(world)
  settle(world, watch)
  const born = new Map<number, number>()
  watch.begin((node) => !born.has(node))
  const stepMs = 60_000 / (nodes * share)
  let nextSayAt = world.clock.now()
  const endAt = world.clock.now() + minutes * 60_000
  while (world.clock.now() < endAt) {
    const victim = world.dice.pick(living(world))
    const places = world.neighboursOf(victim)
    world.kill(victim, true)
    const fresh = world.add()
    born.set(fresh, world.clock.now())
    for (const place of places) world.link(fresh, place)
    if (world.clock.now() >= nextSayAt) {
      watch.say(world.dice.pick(living(world).filter((node) => !born.has(node))))
      nextSayAt += everyMs
    }
    world.clock.runFor(stepMs)
  }
  world.clock.runFor(40_000)
  return watch.measure
}

/**
 * In the manner of Maelstrom: `perSecond` operations, half of them broadcasts of random nodes, the others reads, which cost nothing.
 * From the first one on; `messages` are per operation, while there are any.
 */
export function measureWorkload(
  seed: number,
  topology: Topology,
  { perSecond = 100, seconds = 20, latencyMs = 100 }: WorkloadOptions = {},
): BroadcastMeasure {
  const world = new GossipWorld(seed, topology, { latenciesMs: [latencyMs, latencyMs] })
  const watch = new Watch(world)
  world.clock.runFor(1_000)
  watch.begin(() => true)
  for (let operation = 0; operation < perSecond * seconds; operation += 1) {
    if (operation % 2 === 0) watch.say(world.dice.pick(living(world)))
    world.clock.runFor(1_000 / perSecond)
  }
  const { messages } = watch.measure
  // To the last hearer, of a line as well.
  world.clock.runFor(2_000 + latencyMs * topology.nodes)
  return { ...watch.measure, messages: messages / 2 }
}

function settle(world: GossipWorld, watch: Watch): void {
  world.clock.runFor(1_000)
  watch.begin(() => true)
  for (let said = 0; said < 10; said += 1) {
    watch.say(world.dice.pick(living(world)))
    world.clock.runFor(2_000)
  }
}
