import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Router } from '../../src/routing/router.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { MeshWorld } from './mesh-world.ts'

/** `npm run soak` asks for more. */
const count = Number(process.env.HOPMESH_SOAK_RELAYED ?? 4_000)
const relays = ['relay', 'second', 'third']
/** Said and not settled. */
const unsettledMax = 500

let world = new MeshWorld(1)
afterEach(() => world.close())

/** Of what it carries, a tenth gets lost: not what its links say to each other. */
function lossy(router: Router, dice: SeededDice): void {
  const lose = (): void => {
    for (const link of router.links()) {
      if (lossyLinks.has(link)) continue
      lossyLinks.add(link)
      const { sendPacket, passPacket } = link
      link.sendPacket = (...given) => dice.chance(0.1) || sendPacket.apply(link, given)
      link.passPacket = (...given) => dice.chance(0.1) || passPacket.apply(link, given)
    }
  }
  router.on('destination', lose)
  lose()
}
const lossyLinks = new WeakSet<object>()

describe('ALN-19 relays that fail', () => {
  it(
    `0 lost and 0 doubled of ${count} messages while relays die and come back, routes change, and a tenth of the packets is lost`,
    { timeout: Math.max(120_000, count * 5) },
    async () => {
      world = new MeshWorld(190)
      const dice = new SeededDice('relays that fail')
      for (const name of relays) lossy(world.relay(name), dice)
      const [ada, bob] = ['ada', 'bob'].map((name) => world.member(name, { relays: relays.map(simUrl) })) as [Mesh, Mesh]
      const heard = new Map<string, number>()
      for (const mesh of [ada, bob])
        mesh.on('message', ({ parts: [text] }) => void heard.set(text as string, (heard.get(text as string) ?? 0) + 1))
      await world.acquainted(ada, bob)
      let settled = 0
      let kills = 0
      const failures: unknown[] = []
      for (let at = 0; at < count; at += 1) {
        const [from, to] = at % 2 === 0 ? [ada, bob] : [bob, ada]
        from
          .send(to.address, `message ${at}`)
          .catch((error: unknown) => failures.push(error))
          .finally(() => (settled += 1))
        if (at % 20 === 0) await world.clock.advance(10)
        if (at % 500 === 250) {
          // Never all of them at one time: somebody is left to carry.
          const name = relays[(kills += 1) % relays.length]!
          world.sim.network.kill(name, kills % 2 === 0)
          await world.clock.advance(dice.between(0, 4_000))
          lossy(world.relay(name), dice)
        }
        await world.clock.advanceUntil(() => at - settled < unsettledMax, 600_000)
      }
      await world.clock.advanceUntil(() => settled === count, 600_000)
      await world.clock.advance(60_000)
      expect(failures).toEqual([])
      expect(kills).toBeGreaterThanOrEqual(Math.floor(count / 500))
      expect([count - heard.size, [...heard.values()].filter((times) => times > 1).length]).toEqual([0, 0])
    },
  )
})
