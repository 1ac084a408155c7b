import { describe, expect, it } from 'vitest'
import { bytesOf, SessionWorld, textOf } from './session-world.ts'

describe('a session between two members', () => {
  it('ALN-19 ALN-51 carries a message once the handshake is through, and the answer comes back on it', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    await world.settle(ada.sessions.to(bob.address).message(bytesOf('hello')))
    expect(bob.messages.map(({ from, data }) => [from, textOf(data)])).toEqual([[ada.address, 'hello']])
    await world.settle(bob.sessions.to(ada.address).message(bytesOf('and hello to you')))
    expect(ada.messages.map(({ data }) => textOf(data))).toEqual(['and hello to you'])
    expect([...ada.faults, ...bob.faults]).toEqual([])
  })

  it('ALN-19 0 lost and 0 doubled of 5 000 messages under 10 % loss, doubles and reordering', async () => {
    const world = new SessionWorld({ seed: 3 })
    Object.assign(world.weather, { loss: 0.1, doubled: 0.05, jitterMs: 20 })
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const sent: Promise<void>[] = []
    for (let index = 0; index < 5_000; index += 1) {
      const [from, to] = index % 2 === 0 ? [ada, bob] : [bob, ada]
      sent.push(from.sessions.to(to.address).message(bytesOf(`message ${index}`)))
      if (index % 50 === 0) await world.advance(10)
    }
    await world.settle(Promise.all(sent), 600_000)
    await world.advance(20_000)
    expect(new Set(bob.messages.map(({ data }) => textOf(data))).size).toBe(2_500)
    expect([bob.messages.length, ada.messages.length]).toEqual([2_500, 2_500])
  })
})
