// Everything that goes wrong in a routed world, picked by dice. Each seed draws which kinds it uses at all: a world with
// one kind of trouble finds other mistakes than a world with all of them.
//
// Channels are ordered and their control frames sealed by number, so a control frame that is lost, doubled, late or
// changed makes its link fail closed and be dialed anew; packets, which are not sealed, just suffer it.

import type { SeededDice } from '../seeded-dice.ts'
import type { RoutedWorld } from './routed-world.ts'
import type { SimPath } from './sim-channel.ts'
import { lies } from './lying-node.ts'
import { neighboursOf } from './topology.ts'

/** Everything that can be done to a world. */
export const worldFaultKinds = [
  'cut',
  'silent cut',
  'one-way cut',
  'stall',
  'latency',
  'jitter',
  'reordering',
  'duplication',
  'loss',
  'corruption',
  'crash',
  'vanish',
  'clock back',
  'storage lost',
  'pause',
  'partition',
  'address clash',
  'lie',
  'heal',
] as const

/** One of `worldFaultKinds`. */
export type WorldFaultKind = (typeof worldFaultKinds)[number]

/** One thing that goes wrong, and where; what is left out is drawn. */
export interface WorldFault {
  readonly kind: WorldFaultKind
  /** The link, and the way along it, that a fault of links is about. */
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Whom a fault of nodes is about. */
  readonly node?: number | undefined
  /** Who is parted from all others. */
  readonly group?: readonly number[] | undefined
  /** How long the node is away or asleep, or its double is there. */
  readonly awayMs?: number | undefined
}

/** What one seed draws of how its world goes wrong. */
export interface WorldFaultOptions {
  readonly kinds: readonly WorldFaultKind[]
  /** How long a node stays away or asleep, at most. */
  readonly awayMsMax: number
}

/** They change much, and hide what the others would find. */
const rare: ReadonlySet<string> = new Set(['storage lost', 'address clash'])

/** `lying`: there is a liar among the nodes, and lies are some of the faults. */
export function drawWorldFaults(dice: SeededDice, lying: boolean): WorldFaultOptions {
  const portion = dice.pick([0.2, 0.5, 0.8])
  const possible = worldFaultKinds.filter((kind) => kind !== 'lie' || lying)
  const kinds = possible.filter((kind) => kind === 'heal' || kind === 'lie' || dice.chance(rare.has(kind) ? portion / 3 : portion))
  return {
    kinds: kinds.length > 1 ? kinds : possible,
    awayMsMax: dice.chance(0.1) ? dice.pick([20_000, 120_000]) : dice.pick([100, 300, 1_000, 2_000, 5_000]),
  }
}

/** Does one thing to the world, drawn by dice, and says what. */
export function injectWorldFault(world: RoutedWorld, dice: SeededDice, options: WorldFaultOptions): string {
  return strikeWorld(world, dice, { kind: dice.pick(options.kinds) }, options.awayMsMax)
}

/**
 * Does this to the world and says what; where it is not said, and how badly, the dice say. Throws RangeError for a kind, a link or
 * a node that is none.
 */
export function strikeWorld(world: RoutedWorld, dice: SeededDice, fault: WorldFault, awayMsMax = 2_000): string {
  const [one, other] = dice.pick(world.topology.edges)
  const there = dice.chance(0.5)
  const drawn = {
    from: there ? one : other,
    to: there ? other : one,
    awayMs: dice.between(1, awayMsMax),
    node: dice.between(0, world.topology.nodes - 1),
  }
  checkFault(world, fault)
  const { kind, from = drawn.from, to = drawn.to, node = drawn.node, awayMs = drawn.awayMs, group } = fault
  return `${kind} ${faults[kind]({ world, dice, from, to, node, awayMs, group })}`
}

function checkFault({ topology }: RoutedWorld, { kind, from, to, node, group = [] }: WorldFault): void {
  if (!worldFaultKinds.includes(kind)) throw new RangeError(`there is no fault '${kind}'; there are ${worldFaultKinds.join(', ')}`)
  const stranger = [...group, node ?? 0].find((one) => !Number.isInteger(one) || one < 0 || one >= topology.nodes)
  if (stranger !== undefined) throw new RangeError(`${kind}: ${stranger} is no node of ${topology.name}`)
  if (from === undefined && to === undefined) return
  if (!topology.edges.some((edge) => from !== to && edge.includes(from ?? -1) && edge.includes(to ?? -1)))
    throw new RangeError(`${kind}: ${topology.name} has no link from ${from} to ${to}`)
}

interface FaultSite {
  readonly world: RoutedWorld
  readonly dice: SeededDice
  /** An edge of the topology, and one way along it. */
  readonly from: number
  readonly to: number
  readonly node: number
  readonly awayMs: number
  readonly group: readonly number[] | undefined
}

type Fault = (site: FaultSite) => string

const faults: Readonly<Record<WorldFaultKind, Fault>> = {
  cut({ world, from, to }) {
    world.network.cut(world.nameOf(from), world.nameOf(to))
    return `${from} ${to}`
  },
  'silent cut'({ world, from, to }) {
    world.network.silence(world.nameOf(from), world.nameOf(to))
    world.network.silence(world.nameOf(to), world.nameOf(from))
    return `${from} ${to}`
  },
  'one-way cut'({ world, from, to }) {
    world.network.silence(world.nameOf(from), world.nameOf(to))
    return `${from} > ${to}`
  },
  stall({ world, from, to }) {
    world.network.stall(world.nameOf(from), world.nameOf(to))
    return `${from} > ${to}`
  },
  latency: (site) => {
    const latencyMs = site.dice.between(1, 400)
    for (const path of bothWays(site)) path.latencyMs = latencyMs
    return `${site.from} ${site.to} ${latencyMs} ms`
  },
  jitter: (site) => {
    const jitterMs = site.dice.between(1, 300)
    for (const path of bothWays(site)) path.jitterMs = jitterMs
    return `${site.from} ${site.to} ${jitterMs} ms`
  },
  reordering: (site) => share(site, 'reordering'),
  duplication: (site) => share(site, 'duplication'),
  loss: (site) => share(site, 'loss'),
  corruption: (site) => share(site, 'corruption'),
  crash: (site) => restart(site, { told: true }),
  vanish: (site) => restart(site, { told: false }),
  'clock back': (site) => restart(site, { told: site.dice.chance(0.5), wallTimeShiftMs: -3_600_000 }),
  // Then it does not know the last number that it used, and its clock says a smaller one.
  'storage lost': (site) => restart(site, { told: site.dice.chance(0.5), wallTimeShiftMs: -3_600_000, forgetful: true }),
  pause({ world, node, awayMs }) {
    world.process(node)?.node.pause(awayMs)
    return `${node} ${awayMs} ms`
  },
  partition({ world, dice, from, group: given }) {
    const group = given ? new Set(given) : nodesAround(world, from, dice.between(1, Math.max(1, Math.floor(world.topology.nodes / 2))))
    for (const [one, other] of world.topology.edges) {
      if (group.has(one) !== group.has(other)) world.network.cut(world.nameOf(one), world.nameOf(other))
    }
    return [...group].join(' ')
  },
  'address clash'({ world, dice, node, to, awayMs }) {
    if (world.isLiar(node)) return `${node}, which lies`
    const lifeMs = Math.min(awayMs, dice.between(100, 10_000))
    world.startClone(node, to, lifeMs)
    return `${node} a second time at ${to} for ${lifeMs} ms`
  },
  lie({ world, dice }) {
    const lie = dice.pick(lies)
    for (const liar of world.liars()) liar.lie(lie)
    return lie
  },
  heal({ world, dice, from, to }) {
    if (dice.chance(0.3)) {
      healWorld(world)
      return 'everything'
    }
    world.network.heal(world.nameOf(from), world.nameOf(to))
    return `${from} ${to}`
  },
}

/** Every way is sound again; who is away or asleep comes back in his own time. Latencies stay. */
export function healWorld(world: RoutedWorld): void {
  for (const [one, other] of world.topology.edges) world.network.heal(world.nameOf(one), world.nameOf(other))
}

function bothWays({ world, from, to }: FaultSite): SimPath[] {
  return [world.path(from, to), world.path(to, from)]
}

function share({ world, dice, from, to }: FaultSite, what: 'reordering' | 'duplication' | 'loss' | 'corruption'): string {
  const percent = dice.between(1, 30)
  world.path(from, to)[what] = percent / 100
  return `${from} > ${to} ${percent} %`
}

interface Restart {
  readonly told: boolean
  readonly wallTimeShiftMs?: number
  readonly forgetful?: boolean
}

function restart({ world, node, awayMs }: FaultSite, { told, wallTimeShiftMs = 0, forgetful = false }: Restart): string {
  if (world.process(node) === undefined) return `${node}, which is away`
  world.kill(node, told)
  if (forgetful) world.world.epochs.delete(world.nameOf(node))
  world.network.clock.setTimer(awayMs, () => {
    if (world.process(node) === undefined) world.start(node, { wallTimeShiftMs })
  })
  return `${node} ${told ? 'told' : 'untold'}, back in ${awayMs} ms`
}

function nodesAround(world: RoutedWorld, first: number, count: number): Set<number> {
  const neighbours = neighboursOf(world.topology)
  const group = new Set([first])
  for (const node of group) {
    for (const other of neighbours[node] ?? []) if (group.size < count) group.add(other)
  }
  return group
}
