import type { SeededDice } from '@hopmesh/core/testing'

export type Edge = readonly [number, number]

/** A connected graph of `count` nodes in which each has `degree` neighbours; drawn again until it is one. */
export function randomRegularGraph(count: number, degree: number, dice: SeededDice): Edge[] {
  for (;;) {
    const edges = draw(count, degree, dice)
    if (edges !== undefined && isConnected(count, edges)) return edges
  }
}

/** Pairs free ends at random; a pair that cannot be is given up after some tries. */
function draw(count: number, degree: number, dice: SeededDice): Edge[] | undefined {
  const ends = Array.from({ length: count * degree }, (_, at) => at % count)
  const edges: Edge[] = []
  const known = new Set<string>()
  let refused = 0
  while (ends.length > 0) {
    const [i, j] = [dice.between(0, ends.length - 1), dice.between(0, ends.length - 1)]
    const [one, other] = [Math.min(ends[i]!, ends[j]!), Math.max(ends[i]!, ends[j]!)]
    if (one === other || known.has(`${one} ${other}`)) {
      if (++refused > 1_000) return undefined
      continue
    }
    refused = 0
    known.add(`${one} ${other}`)
    edges.push([one, other])
    for (const at of [i, j].sort((a, b) => b - a)) {
      ends[at] = ends.at(-1)!
      ends.pop()
    }
  }
  return edges
}

function isConnected(count: number, edges: readonly Edge[]): boolean {
  const neighbours = Array.from({ length: count }, (): number[] => [])
  for (const [one, other] of edges) {
    neighbours[one]!.push(other)
    neighbours[other]!.push(one)
  }
  const reached = new Set([0])
  for (const at of reached) for (const next of neighbours[at]!) reached.add(next)
  return reached.size === count
}
