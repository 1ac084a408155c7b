// What can go wrong, picked by dice. Each seed draws which kinds it uses at all: a world with one kind of trouble finds
// other mistakes than a world with all of them.

import type { SeededDice } from '../seeded-dice.ts'
import type { SimNetwork } from './sim-network.ts'

export const faultKinds = ['cut', 'silence', 'half-silence', 'stall', 'loss', 'delay', 'jitter', 'pause', 'kill', 'vanish', 'heal'] as const

export type FaultKind = (typeof faultKinds)[number]

export interface FaultTargets {
  readonly nodes: readonly string[]
  readonly pairs: readonly (readonly [string, string])[]
  /** Ends the process of a node (told: its neighbours hear of it) and starts it again some time later. */
  restart(name: string, told: boolean): void
}

export function everyPair(nodes: readonly string[]): FaultTargets['pairs'] {
  return nodes.flatMap((one, index) => nodes.slice(index + 1).map((other) => [one, other] as const))
}

/** At least one kind that breaks and always `heal`. */
export function drawFaultKinds(dice: SeededDice): readonly FaultKind[] {
  const kinds = faultKinds.filter((kind) => kind === 'heal' || dice.chance(0.5))
  return kinds.length > 1 ? kinds : faultKinds
}

interface FaultSite {
  readonly network: SimNetwork
  readonly dice: SeededDice
  readonly one: string
  readonly other: string
  readonly node: string
  readonly restart: FaultTargets['restart']
}

/** Does one thing to the network and says what. */
export function injectFault(network: SimNetwork, dice: SeededDice, kinds: readonly FaultKind[], targets: FaultTargets): string {
  const kind = dice.pick(kinds)
  const [one, other] = dice.pick(targets.pairs)
  const detail = faults[kind]({
    network,
    dice,
    one,
    other,
    node: dice.pick(targets.nodes),
    restart: (name, told) => targets.restart(name, told),
  })
  return `${kind} ${detail}`
}

const faults: Readonly<Record<FaultKind, (site: FaultSite) => string>> = {
  cut({ network, one, other }) {
    network.cut(one, other)
    return `${one} ${other}`
  },
  silence({ network, one, other }) {
    network.silence(one, other)
    network.silence(other, one)
    return `${one} ${other}`
  },
  'half-silence'({ network, one, other }) {
    network.silence(one, other)
    return `${one} ${other}`
  },
  stall({ network, one, other }) {
    network.stall(one, other)
    network.stall(other, one)
    return `${one} ${other}`
  },
  loss({ network, dice, one, other }) {
    const loss = dice.between(1, 30) / 100
    network.path(one, other).loss = loss
    return `${loss} ${one} ${other}`
  },
  delay({ network, dice, one, other }) {
    const latencyMs = dice.between(1, 800)
    network.path(one, other).latencyMs = latencyMs
    return `${latencyMs} ms ${one} ${other}`
  },
  jitter({ network, dice, one, other }) {
    const jitterMs = dice.between(1, 300)
    network.path(one, other).jitterMs = jitterMs
    return `${jitterMs} ms ${one} ${other}`
  },
  pause({ network, dice, node }) {
    const ms = dice.between(100, 60_000)
    network.running(node)?.pause(ms)
    return `${ms} ms ${node}`
  },
  kill({ node, restart }) {
    restart(node, true)
    return node
  },
  vanish({ node, restart }) {
    restart(node, false)
    return node
  },
  heal({ network, one, other }) {
    network.heal(one, other)
    return `${one} ${other}`
  },
}
