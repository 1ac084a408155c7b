import { describe, expect, it } from 'vitest'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import {
  drawTopology,
  full,
  grid,
  line,
  neighboursOf,
  randomRegular,
  ring,
  starOfRelays,
  treeWithChords,
  type Topology,
} from '../../src/testing/simulator/topology.ts'

function reached(topology: Topology): number {
  const neighbours = neighboursOf(topology)
  const seen = new Set([0])
  for (const node of seen) for (const other of neighbours[node] ?? []) seen.add(other)
  return seen.size
}

const degrees = (topology: Topology): number[] => neighboursOf(topology).map((others) => others.length)

describe('topologies', () => {
  it('PP-28 the named shapes have the links that their names promise', () => {
    expect(line(4).edges).toEqual([
      [0, 1],
      [1, 2],
      [2, 3],
    ])
    expect(ring(4).edges).toHaveLength(4)
    expect(degrees(ring(5))).toEqual([2, 2, 2, 2, 2])
    expect(grid(9).edges).toHaveLength(12)
    expect(degrees(grid(9))).toEqual([2, 3, 2, 3, 4, 3, 2, 3, 2])
    expect(degrees(full(6))).toEqual([5, 5, 5, 5, 5, 5])
    expect(degrees(starOfRelays(7, 2))).toEqual([4, 3, 1, 1, 1, 1, 1])
    expect([...starOfRelays(7, 2).relays]).toEqual([0, 1])
    expect(degrees(starOfRelays(7, 2, 2)).slice(2)).toEqual([2, 2, 2, 2, 2])
  })

  it('PP-28 a regular graph is regular, and everything that dice draw hangs together, without a link twice', () => {
    expect(new Set(degrees(randomRegular(300, 6, new SeededDice(7))))).toEqual(new Set([6]))
    for (let seed = 1; seed <= 100; seed += 1) {
      const drawn = drawTopology(seed % 2 === 0 ? 8 : 20, new SeededDice(seed))
      expect(reached(drawn), drawn.name).toBe(drawn.nodes)
      const keys = drawn.edges.map((edge) => edge.toSorted((a, b) => a - b).join())
      expect(new Set(keys).size, drawn.name).toBe(keys.length)
      expect(
        drawn.edges.some(([one, other]) => one === other),
        drawn.name,
      ).toBe(false)
    }
    expect(treeWithChords(20, 0, new SeededDice(1)).edges).toHaveLength(19)
  })

  it('PP-28 dice decide and nothing else; what cannot be is refused', () => {
    expect(randomRegular(50, 4, new SeededDice(3))).toEqual(randomRegular(50, 4, new SeededDice(3)))
    expect(randomRegular(50, 4, new SeededDice(3))).not.toEqual(randomRegular(50, 4, new SeededDice(4)))
    expect(() => randomRegular(4, 4, new SeededDice(1))).toThrow(RangeError)
  })
})
