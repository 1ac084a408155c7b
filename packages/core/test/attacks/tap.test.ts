import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { allOf } from '../streams/stream-samples.ts'
import { copyingSessions, WireTap } from './tapped-wire.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

const key = new Uint8Array(32).fill(7)
const same = (port: Crypto): Crypto => port

/** What is said, by how it is said: none of it may be seen on a wire. */
const markers = {
  call: 'MARKER OF A CALL',
  answer: 'MARKER OF AN ANSWER',
  thrown: 'MARKER OF AN ERROR',
  message: 'MARKER OF A MESSAGE',
  reply: 'MARKER OF A REPLY',
  packet: 'MARKER OF A PACKET',
  stream: 'MARKER OF A STREAM',
  streamed: 'MARKER OF WHAT COMES BACK',
  direct: 'MARKER ON A DIRECT LINK',
  large: 'MARKER IN A LARGE MESSAGE',
  kept: 'MARKER OF A MESSAGE THAT WAITED',
} as const

/** Two relays, members at each and at both, a direct link, a member that restarts: everything that members can say to each other. */
async function fullRun(tap: WireTap, crypto: (port: Crypto) => Crypto): Promise<void> {
  for (const name of ['relay', 'other']) world.relay(name)
  const join = (name: string, ...relays: string[]): Mesh =>
    world.member(name, { key, relays: relays.map(simUrl), environment: (environment) => tap.environment(environment, crypto) })
  const [ada, bob, cara] = [join('ada', 'relay'), join('bob', 'relay'), join('cara', 'relay', 'other')]
  const dan = join('dan', 'other')
  await world.acquainted(ada, bob, cara, dan)
  for (const mesh of [bob, dan]) {
    mesh.services.register(`answer-${mesh.name}`, (request) => `${markers.answer} ${request.text()}`)
    mesh.services.register(`fail-${mesh.name}`, () => {
      throw new Error(markers.thrown)
    })
    mesh.router.registerService('raw', () => {})
    mesh.streams.register('echo', async (_ctx, readable) => {
      await allOf(readable)
      return markers.streamed
    })
    mesh.on('message', (message) => void message.reply(markers.reply))
  }
  await world.settle(Promise.all([bob, dan].map(({ name }) => ada.services.wait(`fail-${name}`))))
  for (const { name, address } of [bob, dan]) {
    await world.settle(ada.call(`answer-${name}`, markers.call))
    await world.settle(ada.call(`fail-${name}`, markers.call).catch(() => {}))
    await world.settle(ada.send(name, markers.message))
    await world.settle(ada.send(name, 'a large one', new Uint8Array(100_000), markers.large))
    ada.router.send({ service: 'raw', destAddr: address, data: markers.packet })
    await world.settle(world.settle(ada.stream(name, 'echo', [markers.stream, new Uint8Array(200_000), markers.stream])).then(allOf))
  }
  await world.settle(ada.connect('bob'))
  await world.settle(ada.send('bob', markers.direct))
  await world.settle(bob.close())
  const stored = ada.send(bob.address, markers.kept)
  await world.clock.advance(3_000)
  const again = join('bob', 'relay')
  await world.acquainted(ada, again)
  await world.settle(stored)
  await world.clock.advance(5_000)
}

describe('ALN-51 SE1 a tap on every link of a full run', () => {
  it('ALN-51 SE1 sees no plaintext of a call, stream or message', async () => {
    world = new MeshWorld(130, { key })
    const tap = new WireTap()
    await fullRun(tap, same)
    expect(tap.frames.length).toBeGreaterThan(300)
    expect(Object.entries(markers).filter(([, marker]) => tap.saw(marker))).toEqual([])
    // Nor in a piece, as it would stand where a frame ends in its middle.
    expect(tap.saw('MARKER')).toBe(false)
  })

  it('finds each marker when the sessions are sealed by a port that only copies: it looks at the right places', async () => {
    world = new MeshWorld(130, { key })
    const tap = new WireTap()
    await fullRun(tap, copyingSessions)
    expect(Object.entries(markers).filter(([, marker]) => !tap.saw(marker))).toEqual([])
  })
})
