import { afterEach, describe, expect, it } from 'vitest'
import type { MeshErrorCode } from '../../src/errors/mesh-error.ts'
import { keyText } from '../../src/identity/key-text.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

const key = new Uint8Array(32).fill(7)
const another = new Uint8Array(32).fill(8)

let world = new MeshWorld(1)
afterEach(() => world.close())

function warned(mesh: Mesh): MeshErrorCode[] {
  return mesh.warnings.map(({ code }) => code)
}

describe('a network with a key', () => {
  it('PY-06 members meet at a relay that has no key, talk, and link directly', async () => {
    world = new MeshWorld(70, { key })
    const relay = world.relay()
    const [ada, bob] = [world.member('ada', { key }), world.member('bob', { key: keyText('network', key) })]
    await world.acquainted(ada, bob)
    expect(ada.peer(bob.address)?.name).toBe('bob')
    // The relay passes records on that it cannot read.
    expect(relay.destination(bob.address)?.name).toBe('')
    const heard: string[] = []
    bob.on('message', (message) => void heard.push(message.parts[0] as string))
    await world.settle(ada.send('bob', 'hello'))
    expect(heard).toEqual(['hello'])
    const peer = await world.settle(ada.connect(bob.address))
    expect(peer.direct).toBe(true)
    expect([warned(ada), warned(bob)]).toEqual([[], []])
  })

  it('PY-05 the wrong key at a relay that knows the right one is NETWORK_KEY_MISMATCH within a second', async () => {
    world = new MeshWorld(71, { key })
    world.relay()
    for (const wrong of [another, undefined]) {
      const since = world.clock.now()
      const joining = world.join('eve', { ...(wrong ? { key: wrong } : {}), relays: [simUrl('relay')] })
      const error = await world.settle(rejectionOf(joining))
      expect(error.code).toBe('NETWORK_KEY_MISMATCH')
      expect(world.clock.now() - since).toBeLessThan(1_000)
    }
  })

  it('PY-05 the wrong key on a direct link is told on both sides', async () => {
    world = new MeshWorld(72)
    const [ada, eve] = [world.member('ada', { key, relays: [] }), world.member('eve', { key: another, relays: [] })]
    for (const mesh of [ada, eve]) await world.settle(mesh.ready)
    world.pipe(eve, ada)
    await world.clock.advance(900)
    expect([warned(ada), warned(eve)]).toEqual([['NETWORK_KEY_MISMATCH'], ['NETWORK_KEY_MISMATCH']])
    expect(eve.peers.size).toBe(0)
    expect(ada.peers.size).toBe(0)
    // Whoever dials again and again is not told of again and again.
    for (let count = 0; count < 5; count += 1) world.pipe(eve, ada)
    await world.clock.advance(2_000)
    expect(warned(ada)).toEqual(['NETWORK_KEY_MISMATCH'])
  })

  it('PY-05 another network on a direct link is told as well', async () => {
    world = new MeshWorld(73)
    const [ada, eve] = [world.member('ada', { relays: [] }), world.member('eve', { network: 'orchard', relays: [] })]
    for (const mesh of [ada, eve]) await world.settle(mesh.ready)
    world.pipe(eve, ada)
    await world.clock.advance(900)
    expect([warned(ada), warned(eve)]).toEqual([['NETWORK_MISMATCH'], ['NETWORK_MISMATCH']])
  })

  it('PY-05 where nobody can tell it is wrong, a key of which nobody else is here is ALONE_IN_NETWORK after 10 s', async () => {
    world = new MeshWorld(78, { key })
    world.relay()
    const ada = world.member('ada', { key })
    await world.settle(ada.ready)
    await world.clock.advance(9_900)
    expect(warned(ada)).toEqual([])
    await world.clock.advance(200)
    expect(ada.warnings).toEqual([{ code: 'ALONE_IN_NETWORK', message: expect.stringContaining('with this key') as string }])
  })

  it('SE6 services are for members unless they say plain, and plain nodes are refused', async () => {
    world = new MeshWorld(74, { key })
    world.relay()
    const ada = world.member('ada', { key })
    await world.settle(ada.ready)
    ada.services.register('inside', () => 'yes')
    ada.services.register('outside', () => 'yes', { plain: true })
    await world.clock.advance(500)
    const record = ada.router.services()
    expect(record.map(({ service }) => service).toSorted()).toEqual(['inside', 'outside'])
    const [theirs, ours] = world.sim.network.connect('sensor', 'ada', { carries: 'stream' })
    ada.router.addChannel(ours)
    const told: string[] = []
    theirs.start({ message: (bytes) => void told.push(new TextDecoder('latin1').decode(bytes)), drained() {}, closed() {} })
    await world.clock.advance(3_000)
    // Nothing is said before the other side has shown that it is one of us, and then PLAIN_REFUSED.
    expect(told.join('')).toContain('PLAIN_REFUSED')
    expect(told.join('')).not.toContain('outside')
  })

  it('SE7 a short passphrase warns', async () => {
    world = new MeshWorld(75)
    const ada = world.member('ada', { key: 'short', relays: [] })
    await world.settle(ada.ready)
    await world.clock.advance(10)
    expect(warned(ada)).toContain('WEAK_KEY')
    const bob = world.member('bob', { key: 'a passphrase that is long enough', relays: [] })
    await world.settle(bob.ready)
    await world.clock.advance(10)
    expect(warned(bob)).not.toContain('WEAK_KEY')
  })

  it('PN-04 SE8 keys rotate while everybody talks: [old, new], then [new, old], then [new]', async () => {
    world = new MeshWorld(76)
    const stages = [[key, another], [another, key], [another]]
    const meshes = stages.map((keys, index) => world.member(`m${index}`, { key: keys, relays: [] }))
    for (const mesh of meshes) await world.settle(mesh.ready)
    world.pipe(meshes[0]!, meshes[1]!)
    world.pipe(meshes[2]!, meshes[1]!)
    await world.clock.advance(1_000)
    expect(meshes[1]!.peers.size).toBe(2)
    await world.settle(meshes[0]!.send(meshes[1]!.address, 'hello'))
  })
})

describe('the clock of a member', () => {
  it.each([-3_600_000, 3_600_000])('does not matter when it is %i ms off', async (shiftMs) => {
    world = new MeshWorld(77, { key })
    world.relay()
    const [ada, bob] = [world.member('ada', { key }), world.member('bob', { key })]
    world.sim.network.node('ada').wallTimeShiftMs = shiftMs
    await world.acquainted(ada, bob)
    await world.settle(bob.send('ada', 'hello'))
    await world.settle(ada.close())
    // The same tab again, now with the right clock: for an hour its epochs are behind or ahead of the last ones.
    world.sim.network.node('ada').wallTimeShiftMs = 0
    const again = world.member('ada', { key })
    await world.acquainted(again, bob)
    await world.settle(bob.send('ada', 'hello again'))
    await world.settle(again.send('bob', 'hello'))
    expect(again.warnings).toEqual([])
  })
})
