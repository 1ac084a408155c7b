import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { allOf, noise, seekable, textOf } from './stream-samples.ts'

const fileBytes = 12_000_000
const file = noise(fileBytes)

let world: MeshWorld
afterEach(() => world.close())

/** A handler that compares what comes with the file, and how far it is. */
function compare(bob: Mesh): { bytes: number } {
  const seen = { bytes: 0 }
  bob.streams.register('compare', async (_ctx, readable) => {
    let isSame = true
    const reader = readable.getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const part = next.value!
      for (const [index, byte] of part.entries()) isSame &&= byte === file[seen.bytes + index]
      seen.bytes += part.length
    }
    return isSame && seen.bytes === fileBytes ? 'the same' : `another one of ${seen.bytes} bytes`
  })
  return seen
}

async function started(seen: { bytes: number }): Promise<void> {
  await world.clock.advanceUntil(() => seen.bytes > fileBytes / 20, 60_000)
  expect(seen.bytes).toBeLessThan(fileBytes / 2)
}

describe('a stream goes on', () => {
  it('by the other relay, when one is cut off', async () => {
    world = new MeshWorld(21, { latencyMs: 30 })
    const relayOf = new Map(['first', 'second'].map((name) => [world.relay(name).address, name]))
    const relays = [simUrl('first'), simUrl('second')]
    const [ada, bob] = [world.member('ada', { relays }), world.member('bob', { relays })]
    await world.acquainted(ada, bob)
    await world.clock.advance(5_000)
    const seen = compare(bob)
    const answer = await world.settle(ada.stream('bob', 'compare', seekable(file)))
    await started(seen)
    const used = relayOf.get(ada.peer(bob.address)!.via)!
    world.sim.network.cut('ada', used)
    expect(textOf(await world.settle(allOf(answer)))).toBe('the same')
  })

  it('by the relay, when the direct link between the two breaks', async () => {
    world = new MeshWorld(22, { latencyMs: 30 })
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    world.pipe(ada, bob)
    await world.clock.advanceUntil(() => ada.peer(bob.address)?.hops === 1, 20_000)
    const seen = compare(bob)
    const answer = await world.settle(ada.stream('bob', 'compare', seekable(file)))
    await started(seen)
    world.sim.network.cut('ada', 'bob')
    expect(textOf(await world.settle(allOf(answer)))).toBe('the same')
    expect(ada.peer(bob.address)!.hops).toBe(2)
  })

  it('when the only relay restarts', async () => {
    world = new MeshWorld(23, { latencyMs: 30 })
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    const seen = compare(bob)
    const answer = await world.settle(ada.stream('bob', 'compare', seekable(file)))
    await started(seen)
    world.sim.network.kill('relay', true)
    await world.clock.advance(3_000)
    const before = seen.bytes
    world.relay()
    expect(textOf(await world.settle(allOf(answer)))).toBe('the same')
    expect(before).toBeLessThan(fileBytes)
  })

  it.each([1, 2, 3, 4, 5, 6])('while links break and heal, and one way always stands (seed %d)', async (seed) => {
    world = new MeshWorld(seed, { latencyMs: 40, jitterMs: 30, loss: 0 })
    const dice = new SeededDice(seed)
    const names = ['one', 'two', 'three']
    for (const name of names) world.relay(name)
    const relays = names.map(simUrl)
    const [ada, bob] = [world.member('ada', { relays }), world.member('bob', { relays })]
    await world.acquainted(ada, bob)
    await world.clock.advance(5_000)
    compare(bob)
    const answer = await world.settle(ada.stream('bob', 'compare', seekable(file)))
    const answered = allOf(answer)
    const end = { isHere: false }
    const over = (): void => void (end.isHere = true)
    answered.then(over, over)
    let breaks = 0
    for (let turn = 0; !end.isHere && turn < 60; turn += 1) {
      for (const member of ['ada', 'bob']) {
        for (const name of names.slice(1)) {
          world.sim.network.heal(member, name)
          if (!dice.chance(0.5)) continue
          breaks += 1
          if (dice.chance(0.5)) world.sim.network.cut(member, name)
          else {
            world.sim.network.silence(member, name)
            world.sim.network.silence(name, member)
          }
        }
      }
      await world.clock.advance(6_000)
    }
    world.sim.network.healAll()
    expect(textOf(await world.settle(answered))).toBe('the same')
    expect(breaks).toBeGreaterThan(0)
  })
})
