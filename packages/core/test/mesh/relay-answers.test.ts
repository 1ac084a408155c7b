import { afterEach, describe, expect, it } from 'vitest'
import { answerQuestions } from '../../src/introspection/answers.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { MeshWorld } from './mesh-world.ts'

const key = new Uint8Array(32).fill(7)

let world = new MeshWorld(1)
afterEach(() => world.close())

async function asked(seed: number, keyed: boolean): Promise<{ ada: Mesh; bob: Mesh; relay: Router }> {
  world = new MeshWorld(seed, keyed ? { key } : {})
  const relay = world.relay()
  answerQuestions(relay, { kind: 'relay', name: 'relay', network: 'default', clock: world.clock })
  const [ada, bob] = [world.member('ada', keyed ? { key } : {}), world.member('bob', keyed ? { key } : {})]
  await world.acquainted(ada, bob)
  return { ada, bob, relay }
}

describe('what a relay is asked', () => {
  it.each([true, false])('SE16 is answered in a session, and verified (a network with a key: %s)', async (keyed) => {
    const { ada, relay } = await asked(95, keyed)
    expect(ada.peer(relay.address)?.verified).toBe(false)
    expect((await world.settle(ada.ping(relay.address))).hops).toBe(1)
    expect(ada.peer(relay.address)?.verified).toBe(true)
    expect(await world.settle(ada.inspect(relay.address, 'describe'))).toMatchObject({ kind: 'relay', links: 2 })
    expect(await world.settle(ada.inspect(relay.address, 'routes'))).toMatchObject({ total: 2 })
    const { hops, arrived } = await world.settle(ada.trace('bob'))
    expect([arrived, hops.map(({ kind }) => kind)]).toEqual([true, ['relay', 'member']])
  })

  it('SE1 SE16 in the name of a member and outside of a session it is dropped and counted', async () => {
    const { bob, relay } = await asked(96, true)
    const heard: string[] = []
    const contextID = bob.router.registerContext((packet) => void heard.push(packet.srcAddr ?? ''))
    // As who is between them could: what arrives says that it is Bob's, and no session says so.
    const link = bob.router.links()[0]!
    for (const service of ['$mesh.ping', '$mesh.describe', '$mesh.routes']) {
      const packet = { service, srcAddr: bob.address, destAddr: relay.address, contextID, data: '' }
      link.sendPacket(encodeMeshPacket({ hopLimit: 30 }, encodePacket(packet)))
    }
    await world.clock.advance(1_000)
    expect(heard).toEqual([])
    expect(relay.faults.get('UNSEALED')).toBe(3)
  })

  it('SE16 a question that only wants to know who is there hears no more than any node on the way says', async () => {
    const { ada, bob } = await asked(97, true)
    const answers: string[] = []
    const contextID = ada.router.registerContext(({ netState, data }) => void answers.push(`${netState} ${new TextDecoder().decode(data)}`))
    for (let count = 0; count < 30; count += 1) {
      ada.router.send({ service: '$mesh.trace', destAddr: bob.address, contextID, data: 'x' }, { hopLimit: 9 })
    }
    await world.clock.advance(500)
    expect(answers.length).toBeGreaterThan(0)
    // Ten in each second that this takes at most.
    expect(answers.length).toBeLessThanOrEqual(20)
    for (const answer of answers) {
      expect(answer).toMatch(/^255 HOP_LIMIT/)
      expect(answer.length).toBeLessThan(100)
    }
  })

  it('SE2 a relay calls nothing, also in a session that a member opened', async () => {
    const { ada, relay } = await asked(98, true)
    let calls = 0
    ada.services.register('door', () => {
      calls += 1
      return 'open'
    })
    await world.settle(ada.ping(relay.address))
    expect(relay.send({ service: 'door', destAddr: ada.address, contextID: 7, data: 'as a relay' })).toBeUndefined()
    await world.clock.advance(1_000)
    expect(calls).toBe(0)
    expect(ada.router.faults.get('NOT_A_MEMBER')).toBe(1)
  })

  it('a relay that answers nobody in sessions is silent, and no more than that', async () => {
    world = new MeshWorld(99)
    world.sim.startRouter('relay', 'relay')
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    const relay = ada.relays.list()[0]!.address!
    await expect(world.settle(ada.ping(relay))).rejects.toMatchObject({ code: 'TIMEOUT' })
    await world.settle(ada.send('bob', 'still here'))
  })
})
