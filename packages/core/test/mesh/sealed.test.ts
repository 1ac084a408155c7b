import { afterEach, describe, expect, it } from 'vitest'
import type { Channel } from '../../src/channel/channel.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { messageDataBytesMax } from '../../src/session/session-limits.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

const marker = 'MARKER OF THE TEST'

/** Everything that crosses the links of these members to their relays. */
class Tap {
  text = ''

  environment(same: Environment, crypto: (port: Crypto) => Crypto = (port) => port): Environment {
    return {
      ...same,
      crypto: Promise.resolve(same.crypto).then(crypto),
      dialRelay: async (...dialed) => this.#tapped(await same.dialRelay(...dialed)),
    }
  }

  #tapped(channel: Channel): Channel {
    const send = (message: Uint8Array): unknown => {
      this.text += String.fromCharCode(...message)
      return channel.send(message)
    }
    return new Proxy(channel, {
      get(target, name) {
        if (name === 'send') return send
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}

/** Of id, both addresses and number: what is associated with records of sessions, and with nothing else. */
const associatedBytes = 80

/** Seals the records of sessions by copying: what is said in them can be read, and nothing else changes. */
function copying(port: Crypto): Crypto {
  return {
    ...port,
    seal: (key, nonce, associated, plain) =>
      associated.length === associatedBytes ? Uint8Array.of(...plain, ...new Uint8Array(16)) : port.seal(key, nonce, associated, plain),
    open: (key, nonce, associated, sealed) =>
      associated.length === associatedBytes ? sealed.slice(0, -16) : port.open(key, nonce, associated, sealed),
  }
}

let relay: Router

async function pair(): Promise<{ ada: Mesh; bob: Mesh }> {
  relay = world.relay()
  const [ada, bob] = [world.member('ada'), world.member('bob')]
  await world.acquainted(ada, bob)
  return { ada, bob }
}

/** The relay hands Bob a packet that it made up. */
function forge(packet: Packet): void {
  const link = relay.links().find(({ peer }) => peer?.address === packet.destAddr)!
  link.sendPacket(encodeMeshPacket({ hopLimit: 30 }, encodePacket(packet)))
}

describe('what members say to each other', () => {
  it.each([
    ['cannot be read on the way', (port: Crypto): Crypto => port, false],
    ['is found by the same tap when the port only copies', copying, true],
  ])('ALN-51 SE1 %s: calls, answers, errors, messages, packets', async (_, crypto, found) => {
    const tap = new Tap()
    world = new MeshWorld(2)
    world.relay()
    const [ada, bob] = ['ada', 'bob'].map((name) => world.member(name, { environment: (same) => tap.environment(same, crypto) })) as [
      Mesh,
      Mesh,
    ]
    bob.services.register('echo', (request) => `${marker} ${request.text()}`)
    bob.services.register('fail', () => {
      throw new Error(marker)
    })
    await world.acquainted(ada, bob)
    await world.settle(ada.services.wait('fail'))
    const heard: unknown[] = []
    bob.on('message', (message) => void heard.push(message.parts[0]))
    expect((await world.settle(ada.call('echo', marker))).text()).toBe(`${marker} ${marker}`)
    await expect(world.settle(ada.call('fail', ''))).rejects.toMatchObject({ message: expect.stringContaining(marker) })
    await world.settle(ada.send('bob', marker))
    bob.router.registerService('raw', (packet) => void heard.push(new TextDecoder().decode(packet.data)))
    ada.router.send({ service: 'raw', destAddr: bob.address, data: marker })
    await world.clock.advance(1_000)
    expect(heard).toEqual([marker, marker])
    expect(tap.text.includes(marker)).toBe(found)
  })

  it('SE1 is verified over any number of hops, because it came in a session', async () => {
    world = new MeshWorld(3)
    const { ada, bob } = await pair()
    const verified: boolean[] = []
    bob.services.register('who', (request) => {
      verified.push(request.verified)
      return 'me'
    })
    bob.on('message', (message) => void verified.push(message.verified))
    await world.settle(ada.services.wait('who'))
    const reply = await world.settle(ada.call('who', ''))
    await world.settle(ada.send('bob', 'hello'))
    expect([reply.verified, reply.hops, ...verified]).toEqual([true, 2, true, true])
  })

  it('SE1 what says that it is from a member and comes outside of a session is dropped and counted', async () => {
    world = new MeshWorld(4)
    const { ada, bob } = await pair()
    let calls = 0
    bob.services.register('door', () => {
      calls += 1
      return 'open'
    })
    bob.on('message', () => (calls += 1))
    const packet = { srcAddr: ada.address, destAddr: bob.address }
    forge({ ...packet, service: 'door', contextID: 7, data: 'as ada' })
    forge({ ...packet, service: '$mesh.message', data: 'as ada' })
    forge({ ...packet, service: '$mesh.signal', data: '{}' })
    for (let contextID = 1; contextID < 200; contextID += 1) forge({ ...packet, contextID, data: 'a guessed reply' })
    forge({ ...packet, service: '$mesh.session', data: 'no session packet' })
    await world.clock.advance(1_000)
    expect(calls).toBe(0)
    expect(bob.router.faults.get('UNSEALED')).toBe(202)
  })

  it('SE14 an error in the name of the target, outside of a session, settles nothing', async () => {
    world = new MeshWorld(5)
    const { ada, bob } = await pair()
    let answer: (text: string) => void = () => {}
    bob.services.register('slow', () => new Promise<string>((resolve) => (answer = resolve)))
    await world.settle(ada.services.wait('slow'))
    const called = ada.call('slow', '')
    await world.clock.advance(1_000)
    for (let contextID = 1; contextID < 65_536; contextID += 1) {
      forge({ netState: netStates.error, srcAddr: bob.address, destAddr: ada.address, contextID, data: 'NO_SERVICE go away' })
      if (contextID % 4_096 === 0) await world.clock.advance(50)
    }
    await world.clock.advance(500)
    answer('here I am')
    expect((await world.settle(called)).text()).toBe('here I am')
  })

  it('an error that the target itself says, in its session, settles at once', async () => {
    world = new MeshWorld(6)
    const { ada, bob } = await pair()
    const errors: string[] = []
    const contextID = ada.router.registerContext((packet) => void errors.push(new TextDecoder().decode(packet.data)))
    ada.router.send({ service: 'not there', destAddr: bob.address, contextID, data: 'x' })
    await world.clock.advance(1_000)
    expect(errors).toEqual([expect.stringMatching(/^NO_SERVICE/)])
  })

  it('goes to the new process of a member that restarted, as soon as its record says so', async () => {
    world = new MeshWorld(7)
    const { ada, bob } = await pair()
    await world.settle(ada.send('bob', 'to the first'))
    await world.settle(bob.close())
    const again = world.member('bob')
    const heard: unknown[] = []
    again.on('message', (message) => void heard.push(message.parts[0]))
    await world.acquainted(ada, again)
    await world.settle(ada.send('bob', 'to the second'))
    expect(heard).toEqual(['to the second'])
  })

  it('that was on its way to a process which died: a call says that nobody knows, a message is said again and taken once', async () => {
    world = new MeshWorld(9)
    const { ada, bob } = await pair()
    let calls = 0
    bob.services.register('count', () => String((calls += 1)))
    await world.settle(ada.services.wait('count'))
    await world.settle(ada.call('count', ''))
    world.sim.network.kill('bob', false)
    const called = ada.call('count', '', { timeoutMs: 60_000 })
    const sent = ada.send('bob', 'to whoever is bob')
    await world.clock.advance(100)
    const again = world.member('bob')
    const heard: unknown[] = []
    again.on('message', (message) => void heard.push(message.parts[0]))
    await expect(world.settle(called)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(await world.settle(sent)).toMatchObject({ state: 'delivered' })
    await world.clock.advance(30_000)
    expect([heard, calls]).toEqual([['to whoever is bob'], 1])
    world.meshes.splice(world.meshes.indexOf(bob), 1)
  })

  it('SE1 R14 of a leaf that knows no provider goes to the one that its relay names, sealed; the relay sees the name of the service only in a session', async () => {
    const tap = new Tap()
    world = new MeshWorld(10)
    relay = world.relay()
    const [ada, bob] = [world.member('ada', { environment: (same) => tap.environment(same) }), world.member('bob')]
    await world.acquainted(ada, bob)
    // As a relay of more members than a leaf is told of does.
    relay
      .links()
      .find(({ peer }) => peer?.address === ada.address)!
      .sendControl({ type: 'more', more: true })
    const asked: string[] = []
    let offered = JSON.stringify({
      total: 1,
      skip: 0,
      services: [{ service: '$app.secret', address: bob.address, load: 0, hops: 1, cost: 1, name: '' }],
    })
    relay.registerService('$mesh.services', ({ srcAddr, contextID, data }) => {
      asked.push(new TextDecoder().decode(data))
      relay.send({ destAddr: srcAddr, contextID, data: offered })
    })
    const heard: unknown[] = []
    bob.router.registerService('$app.secret', ({ data }, { verified }) => void heard.push(new TextDecoder().decode(data), verified))
    await world.clock.advance(100)
    expect(ada.router.send({ service: '$app.secret', data: marker })).toBeUndefined()
    await world.clock.advance(1_000)
    expect([asked, heard]).toEqual([['0 $app.secret'], [marker, true]])
    expect([tap.text.includes('$app.secret'), tap.text.includes(marker)]).toEqual([false, false])
    const errors: string[] = []
    const contextID = ada.router.registerContext(({ data }) => void errors.push(new TextDecoder().decode(data)))
    for (offered of ['{}', 'no JSON', '{"total":1,"services":[{"address":"thing"}]}']) {
      expect(ada.router.send({ service: '$app.other', contextID, data: marker })).toBeUndefined()
      await world.clock.advance(1_000)
    }
    expect(errors).toEqual(Array(3).fill(expect.stringContaining('NO_SERVICE ')))
    expect(asked.slice(1)).toEqual(Array(3).fill('0 $app.other'))
  })

  it('to nobody that can be reached does not leave', async () => {
    world = new MeshWorld(8)
    const { ada, bob } = await pair()
    const nobody = `k${'a'.repeat(26)}.aaaa`
    expect(ada.router.send({ service: 'x', destAddr: nobody, data: 'x' })).toMatchObject({ code: 'NO_ROUTE' })
    const tooLarge = new Uint8Array(messageDataBytesMax + 1)
    expect(ada.router.send({ service: 'x', destAddr: bob.address, data: tooLarge })?.code).toBe('TOO_LARGE')
  })

  it.each([16_384, 16_385, 65_536, 2_000_000])('MM1 %d bytes of data arrive as they were, also at oneself', async (length) => {
    world = new MeshWorld(7)
    const { ada, bob } = await pair()
    const sent = Uint8Array.from({ length }, (_, index) => index * 31)
    const took: (Uint8Array | undefined)[] = []
    for (const mesh of [ada, bob]) mesh.router.registerService('take', ({ data }) => void took.push(data?.slice()))
    expect(ada.router.send({ service: 'take', destAddr: bob.address, data: sent })).toBeUndefined()
    expect(ada.router.send({ service: 'take', destAddr: ada.address, data: sent })).toBeUndefined()
    await world.clock.advanceUntil(() => took.length === 2)
    for (const data of took) expect(Buffer.compare(data ?? new Uint8Array(), sent)).toBe(0)
  })
})
