import { expect, it } from 'vitest'
import { SessionWorld } from './session-world.ts'

/** `npm run soak` asks for a million. */
const count = Number(process.env.HOPMESH_SOAK_MESSAGES ?? 100_000)
/** Said and not settled: below what a session takes. */
const unsettledMax = 4_000

it(
  `ALN-19 0 lost and 0 doubled of ${count} messages under 10 % loss, doubles, reordering, routes that change and cuts`,
  { timeout: Math.max(120_000, count / 2) },
  async () => {
    const world = new SessionWorld({ seed: 'many messages' })
    Object.assign(world.weather, { loss: 0.1, doubled: 0.05, jitterMs: 20 })
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const heard = new Uint8Array(count)
    const hear = (): void => {
      for (const { messages } of [ada, bob]) {
        for (const { data } of messages) heard[new DataView(data.buffer, data.byteOffset).getUint32(0)]! += 1
        messages.length = 0
      }
    }
    const state = { settled: 0 }
    const failures: unknown[] = []
    for (let index = 0; index < count; index += 1) {
      const [from, to] = index % 2 === 0 ? [ada, bob] : [bob, ada]
      const data = new Uint8Array(4 + (index % 97))
      new DataView(data.buffer).setUint32(0, index)
      from.sessions
        .to(to.address)
        .message(data)
        .catch((error: unknown) => failures.push(error))
        .finally(() => (state.settled += 1))
      if (index % 50 === 0) await world.advance(20)
      if (index % 2_000 === 0) {
        world.weather.latencyMs = world.dice.pick([2, 25, 100, 400])
        ada.sessions.routeChanged(bob.address)
        bob.sessions.routeChanged(ada.address)
      }
      if (index % 10_000 === 17) {
        world.tap = () => undefined
        await world.advance(world.dice.between(100, 10_000))
        world.tap = (crossing) => crossing.data
      }
      await world.clock.advanceUntil(() => index - state.settled <= unsettledMax, 600_000)
      hear()
    }
    await world.clock.advanceUntil(() => state.settled === count, 600_000)
    await world.advance(20_000)
    hear()
    expect(failures).toEqual([])
    expect([heard.filter((times) => times === 0).length, heard.filter((times) => times > 1).length]).toEqual([0, 0])
    expect([ada.ended, bob.ended]).toEqual([[], []])
  },
)
