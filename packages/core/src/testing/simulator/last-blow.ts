// What happens to a simulated world that has come to rest: links or a node go for ever, so that longer ways have to be
// found, which nobody could use before.

import type { SeededDice } from '../seeded-dice.ts'
import type { RoutedWorld } from './routed-world.ts'
import { neighboursOf } from './topology.ts'

export interface LastBlow {
  readonly what: string
  /** By then everybody concerned knows. */
  readonly noticedAfterMs: number
}

/** A dead link is noticed within 12 s; a second for rounding and what is under way. */
const untoldMs = 13_000
const toldMs = 1_000

export function strikeLastBlow(world: RoutedWorld, dice: SeededDice): LastBlow {
  if (dice.chance(0.6)) {
    const told = dice.chance(0.8)
    const edges = Array.from({ length: dice.between(1, 3) }, () => dice.pick(world.topology.edges))
    for (const [one, other] of edges) {
      if (told) world.network.cut(world.nameOf(one), world.nameOf(other))
      else {
        world.network.silence(world.nameOf(one), world.nameOf(other))
        world.network.silence(world.nameOf(other), world.nameOf(one))
      }
    }
    return {
      what: `${told ? 'cut' : 'silent cut'} ${edges.map((edge) => edge.join(' ')).join(', ')}`,
      noticedAfterMs: told ? toldMs : untoldMs,
    }
  }
  const node = dice.between(0, world.topology.nodes - 1)
  const way = dice.pick(['crash', 'leave', 'vanish'] as const)
  if (way === 'leave') world.process(node)?.node.perform(() => world.process(node)?.router.leave())
  world.killForGood(node, way !== 'vanish')
  return { what: `${way} ${node}`, noticedAfterMs: way === 'vanish' ? untoldMs : toldMs }
}

/**
 * How long finding other ways may take: the news goes through the whole world, a question to the origin and the answer back,
 * which brings its proof along; each hop at its worst latency and the 20 ms that news may wait. And what an origin waits
 * before it signs again (R8), and a first try that went the wrong way (R6).
 */
export function healingBoundMs(world: RoutedWorld): number {
  let latencyMs = 0
  for (const [one, other] of world.topology.edges) {
    for (const path of [world.path(one, other), world.path(other, one)]) latencyMs = Math.max(latencyMs, path.latencyMs + path.jitterMs)
  }
  return 3 * diameter(world) * (latencyMs + 20) + 700
}

/** Of the links that are left, within the part of the world that has the longest way in it. */
function diameter(world: RoutedWorld): number {
  const { topology } = world
  const edges = topology.edges.filter(([one, other]) => world.isOpen(one, other) && !world.isGone(one) && !world.isGone(other))
  const neighbours = neighboursOf({ nodes: topology.nodes, edges })
  let longest = 0
  for (let from = 0; from < topology.nodes; from += 1) {
    const distance = new Map([[from, 0]])
    for (const [node, steps] of distance)
      for (const other of neighbours[node] ?? []) if (!distance.has(other)) distance.set(other, steps + 1)
    longest = Math.max(longest, ...distance.values())
  }
  return longest
}
