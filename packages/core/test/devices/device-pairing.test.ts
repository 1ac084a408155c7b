import { afterEach, describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { MeshOptions } from '../../src/mesh/create-mesh.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { FakeDialer, FakeSketch, type SketchOptions } from './fake-sketch.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

interface Scene {
  readonly ada: Mesh
  readonly sketch: FakeSketch
  readonly dialer: FakeDialer
}

function scene(seed: number, sketchOptions: SketchOptions = {}, options: MeshOptions = {}): Scene {
  world = new MeshWorld(seed)
  world.relay()
  const sketch = new FakeSketch(world.clock, sketchOptions)
  const dialer = new FakeDialer(sketch)
  return { ada: member('ada', dialer, options), sketch, dialer }
}

function member(name: string, dialer: FakeDialer, options: MeshOptions = {}): Mesh {
  return world.member(name, { ...options, environment: (same) => ({ ...same, deviceDialers: [dialer] }) })
}

describe('pairing a device', () => {
  it('ALN-43 resolves with the plain peer, which another member sees, calls, and stops seeing when it goes', async () => {
    const { ada, sketch, dialer } = scene(1, { services: ['ping'] })
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    const peer = await world.settle(ada.bluetooth.pair())
    expect(peer).toMatchObject({ address: 'ESP32-black-box-a', kind: 'plain', state: 'active', hops: 1, direct: true, verified: false })
    expect(ada.bluetooth.devices).toMatchObject([
      { id: 'device-1', name: 'ESP32-black-box-a', address: 'ESP32-black-box-a', state: 'online' },
    ])
    expect(dialer.asked).toBe(1)
    await world.clock.advanceUntil(() => bob.services.list('ping').length > 0, 5_000)
    expect((await world.settle(bob.call('ping', 'over two tabs'))).text()).toBe('over two tabs')
    sketch.away = true
    sketch.lose()
    await world.clock.advanceUntil(() => bob.peer(peer.address)?.state === 'unreachable', 5_000)
    expect(bob.services.list('ping')).toEqual([])
  })

  it('ALN-43 its readings, sent without a destination, reach every provider', async () => {
    const { ada, sketch } = scene(2)
    const bob = world.member('bob')
    const readings: string[] = []
    for (const mesh of [ada, bob])
      mesh.services.register('log', (request) => void readings.push(`${mesh.name} ${request.from} ${request.text()}`))
    await world.acquainted(ada, bob)
    await world.settle(ada.bluetooth.pair())
    readings.length = 0
    sketch.heard.length = 0
    await world.clock.advance(2_100)
    expect(readings.sort()).toEqual(['ada ESP32-black-box-a 53.33*F', 'bob ESP32-black-box-a 53.33*F'])
    // Nobody has asked anything: no answer of nothing takes the time of its radio.
    expect(sketch.heard.filter(({ netState }) => netState === undefined)).toEqual([])
  })

  it('ALN-43 a sketch that advertises nothing is known by the source of its readings', async () => {
    const { ada } = scene(3, { silentOnQuery: true })
    expect(await world.settle(ada.bluetooth.pair())).toMatchObject({ address: 'ESP32-black-box-a', kind: 'plain' })
  })

  it('before the identity is loaded the chooser opens at once, inside the click', async () => {
    const { ada, dialer } = scene(4)
    const paired = ada.bluetooth.pair()
    expect(dialer.asked).toBe(1)
    expect(await world.settle(paired)).toMatchObject({ kind: 'plain' })
  })

  it('pairing what is paired gives the peer again, without a second link', async () => {
    const { ada, sketch } = scene(5)
    const first = await world.settle(ada.bluetooth.pair())
    expect((await world.settle(ada.bluetooth.pair())).address).toBe(first.address)
    expect(sketch.opened).toBe(1)
  })

  it('where there is no dialer it says why, and mesh.serial is another matter', async () => {
    const { ada } = scene(6)
    const bob = world.member('bob')
    expect((await rejectionOf(ada.serial.pair())).code).toBe('NO_SERIAL')
    expect((await rejectionOf(bob.bluetooth.pair())).code).toBe('NO_BLUETOOTH')
    expect(bob.bluetooth.devices).toEqual([])
  })

  it.each([
    ['a chooser that was closed', new MeshError('PAIRING_DISMISSED', 'nothing was chosen'), 'PAIRING_DISMISSED'],
    ['a browser that has none', new MeshError('NO_BLUETOOTH', 'no adapter'), 'NO_BLUETOOTH'],
  ])('%s leaves nothing behind', async (_, choice, code) => {
    const { ada, dialer } = scene(7)
    dialer.choice = choice
    expect((await rejectionOf(world.settle(ada.bluetooth.pair()))).code).toBe(code)
    expect(ada.bluetooth.devices).toEqual([])
  })

  it('options are checked, misspelled ones too', async () => {
    const { ada, dialer } = scene(8)
    expect((await rejectionOf(ada.bluetooth.pair({ filter: [] } as object))).message).toContain("'filters'")
    expect((await rejectionOf(ada.bluetooth.pair({ signal: 7 as unknown as AbortSignal }))).code).toBe('INVALID_OPTION')
    expect(dialer.asked).toBe(0)
  })

  it.each([
    ['is out of reach', (sketch: FakeSketch) => void (sketch.away = true), 'LINK_FAILED'],
    ['never opens', (sketch: FakeSketch) => void (sketch.stuck = true), 'TIMEOUT'],
    ['says no address', (sketch: FakeSketch) => void (sketch.options.mute = true), 'TIMEOUT'],
  ])('a device that %s and was never paired is not pursued', async (_, happen, code) => {
    const { ada, sketch } = scene(9)
    happen(sketch)
    expect((await rejectionOf(world.settle(ada.bluetooth.pair()))).code).toBe(code)
    expect(ada.bluetooth.devices).toEqual([])
    await world.clock.advance(60_000)
    expect(sketch.opened).toBe(1)
    expect(ada.router.links().filter(({ channel }) => channel.medium === 'bluetooth')).toEqual([])
  })

  it('aborting ends it: while the chooser is open, and while the device is opened', async () => {
    const { ada, sketch, dialer } = scene(10)
    await world.settle(ada.ready)
    for (const choice of ['open', sketch] as const) {
      sketch.stuck = true
      dialer.choice = choice
      const controller = new AbortController()
      const paired = ada.bluetooth.pair({ signal: controller.signal })
      await world.clock.advance(100)
      controller.abort()
      expect((await rejectionOf(paired)).code).toBe('ABORTED')
      expect(ada.bluetooth.devices).toEqual([])
    }
  })
})

describe('a device that is paired', () => {
  it('ALN-43 comes back by itself, with growing jittered waits, at most 15 s apart', async () => {
    const { ada, sketch } = scene(11)
    await world.settle(ada.bluetooth.pair())
    sketch.away = true
    sketch.lose()
    await world.clock.advance(60)
    expect(ada.bluetooth.devices).toMatchObject([{ state: 'waiting', address: 'ESP32-black-box-a', error: { code: 'LINK_FAILED' } }])
    const tries: number[] = []
    while (tries.length < 10) {
      const before = sketch.opened
      await world.clock.advanceUntil(() => sketch.opened > before)
      tries.push(world.clock.now())
    }
    const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(500)
    expect(Math.max(...waits)).toBeLessThanOrEqual(15_000)
    expect(Math.max(...waits)).toBeGreaterThan(7_000)
    sketch.away = false
    await world.clock.advanceUntil(() => ada.bluetooth.devices[0]?.state === 'online', 16_000)
    expect(ada.peer('ESP32-black-box-a')).toMatchObject({ state: 'active' })
  })

  it('one that waits is tried at once when it is chosen again', async () => {
    const { ada, sketch } = scene(12)
    await world.settle(ada.bluetooth.pair())
    sketch.away = true
    sketch.lose()
    await world.clock.advance(40_000)
    const before = sketch.opened
    expect((await rejectionOf(world.settle(ada.bluetooth.pair()))).code).toBe('LINK_FAILED')
    expect(sketch.opened).toBe(before + 1)
    expect(ada.bluetooth.devices).toMatchObject([{ state: 'waiting' }])
    sketch.away = false
    const since = world.clock.now()
    await world.settle(ada.bluetooth.pair())
    expect(world.clock.now() - since).toBeLessThan(500)
    await world.clock.advance(30_000)
    expect(sketch.opened).toBe(before + 2)
  })

  it('ALN-33 ALN-49 lost in the middle of a packet, the half of it disturbs nothing: the next link starts afresh', async () => {
    const { ada, sketch } = scene(13)
    const heard: string[] = []
    ada.services.register('log', (request) => void heard.push(request.text()))
    await world.settle(ada.bluetooth.pair())
    heard.length = 0
    sketch.raw(encodePacket({ service: 'log', srcAddr: sketch.address, data: 'half of this arrives' }).subarray(0, 25))
    sketch.lose()
    await world.clock.advanceUntil(() => ada.bluetooth.devices[0]?.state === 'waiting')
    await world.clock.advanceUntil(() => ada.bluetooth.devices[0]?.state === 'online')
    await world.clock.advance(4_100)
    expect(heard).toEqual(['53.33*F', '53.33*F'])
  })

  it('ALN-49 noise and a frame without end cost the device its link at most, and nobody else anything', async () => {
    const { ada, sketch } = scene(14)
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    await world.settle(ada.bluetooth.pair())
    for (let byte = 0; byte < 256; byte += 1) sketch.raw(Uint8Array.of(byte, byte ^ 0x55, 0xc0, 0xdb))
    sketch.raw(new Uint8Array(300_000).fill(0x41))
    await world.clock.advance(1_000)
    sketch.raw(Uint8Array.of(0xc0))
    await world.clock.advanceUntil(() => ada.bluetooth.devices[0]?.state === 'online', 20_000)
    expect(ada.peer(bob.address)?.state).toBe('active')
    await world.clock.advanceUntil(() => bob.peer('ESP32-black-box-a')?.state === 'active', 20_000)
  })

  it('one that takes no more is refused packets, and gets all those that were not refused', async () => {
    const { ada, sketch } = scene(19)
    await world.settle(ada.bluetooth.pair())
    const answers = Array.from({ length: 200 }, () =>
      ada.router.send({ service: 'sink', destAddr: sketch.address, data: new Uint8Array(2_000) }),
    )
    const refused = answers.filter((error) => error?.code === 'QUEUE_FULL')
    expect(refused.length).toBeGreaterThan(0)
    await world.clock.advance(1_000)
    expect(sketch.heard.filter(({ service }) => service === 'sink')).toHaveLength(answers.length - refused.length)
    expect(ada.router.send({ service: 'sink', destAddr: sketch.address, data: 'again' })).toBeUndefined()
  })

  it('disconnect, by address or id, ends it for good and forgets it; others stop seeing it', async () => {
    const { ada, sketch } = scene(15)
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    for (const end of [() => ada.disconnect('ESP32-black-box-a'), () => ada.bluetooth.disconnect('device-1')]) {
      await world.settle(ada.bluetooth.pair())
      await world.clock.advanceUntil(() => bob.peer('ESP32-black-box-a')?.state === 'active')
      const { opened } = sketch
      await world.settle(end())
      expect(ada.bluetooth.devices).toEqual([])
      await world.clock.advanceUntil(() => bob.peer('ESP32-black-box-a')?.state !== 'active')
      await world.clock.advance(60_000)
      expect(sketch.opened).toBe(opened)
    }
    expect(sketch.forgotten).toBe(2)
    await world.settle(ada.disconnect('ESP32-black-box-a'))
  })

  it('disconnect ends the direct link with a member too', async () => {
    const { ada } = scene(16)
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    await world.settle(ada.connect(bob.address))
    await world.settle(ada.disconnect(bob.address))
    expect(ada.router.links().filter(({ peer }) => peer?.address === bob.address)).toEqual([])
    expect(ada.peer(bob.address)).toMatchObject({ state: 'active', direct: false })
  })

  it('close ends the link and every further try, and a pairing under way rejects with CLOSED', async () => {
    const { ada, sketch } = scene(17)
    await world.settle(ada.bluetooth.pair())
    let ended = false
    void ada.router
      .links()
      .find(({ channel }) => channel.medium === 'bluetooth')
      ?.down.then(() => (ended = true))
    const another = new FakeSketch(world.clock, { id: 'device-2' })
    another.stuck = true
    const bob = member('bob', new FakeDialer(another))
    const pairing = bob.bluetooth.pair()
    await world.settle(bob.ready)
    await world.settle(Promise.all([ada.close(), bob.close()]))
    expect(ended).toBe(true)
    expect((await rejectionOf(pairing)).code).toBe('CLOSED')
    const opened = [sketch.opened, another.opened]
    await world.clock.advance(60_000)
    expect([sketch.opened, another.opened]).toEqual(opened)
    expect((await rejectionOf(ada.bluetooth.pair())).code).toBe('CLOSED')
  })

  it('what was chosen before is tried after the start, again and again, until it is there', async () => {
    world = new MeshWorld(18)
    world.relay()
    const sketch = new FakeSketch(world.clock)
    sketch.away = true
    const dialer = new FakeDialer()
    dialer.before = [sketch]
    const ada = member('ada', dialer)
    await world.settle(ada.ready)
    await world.clock.advance(30_000)
    expect(sketch.opened).toBeGreaterThan(2)
    sketch.away = false
    await world.clock.advanceUntil(() => ada.peer('ESP32-black-box-a')?.state === 'active', 16_000)
    expect(dialer.asked).toBe(0)
  })
})

describe('a device that lies', () => {
  it.each([
    ['a member address', 'kaaaaaaaaaaaaaaaaaaaaaaaaaa.abcd'],
    ['the key part of one', 'kaaaaaaaaaaaaaaaaaaaaaaaaaa'],
  ])('ALN-43 one that calls itself by %s is refused: PLAIN_REFUSED, link closed, counted', async (_, address) => {
    const { ada } = scene(20, { address })
    expect((await rejectionOf(world.settle(ada.bluetooth.pair()))).code).toBe('PLAIN_REFUSED')
    expect(ada.router.faults.get('PLAIN_REFUSED')).toBe(1)
    expect(ada.router.links().filter(({ channel }) => channel.medium === 'bluetooth')).toEqual([])
    expect([ada.bluetooth.devices, ada.peer(address)]).toEqual([[], undefined])
  })

  it.each([
    ['in its adverts', false],
    ['as the source of its readings', true],
  ])('ALN-43 one with the address of the page itself is refused, %s', async (_, silentOnQuery) => {
    const options: SketchOptions = { silentOnQuery }
    const { ada } = scene(21, options)
    await world.settle(ada.ready)
    options.address = ada.address
    expect((await rejectionOf(world.settle(ada.bluetooth.pair()))).code).toBe('PLAIN_REFUSED')
  })

  it.each([
    ['in its adverts', false],
    ['as the source of its readings', true],
  ])(
    'ALN-43 one with the address of another live node is refused, %s: IDENTITY_IN_USE, and the other one stays reachable',
    async (_, silentOnQuery) => {
      const { ada, sketch } = scene(22, { services: ['ping'] })
      const twin = new FakeSketch(world.clock, { id: 'device-2', silentOnQuery })
      const bob = member('bob', new FakeDialer(twin))
      await world.acquainted(ada, bob)
      await world.settle(ada.bluetooth.pair())
      await world.clock.advanceUntil(() => bob.peer(sketch.address)?.state === 'active')
      expect((await rejectionOf(world.settle(bob.bluetooth.pair()))).code).toBe('IDENTITY_IN_USE')
      expect(bob.router.faults.get('IDENTITY_IN_USE')).toBe(1)
      expect(bob.bluetooth.devices).toEqual([])
      expect((await world.settle(bob.call('ping', 'still the first'))).text()).toBe('still the first')
      expect(twin.heard.some(({ service }) => service === 'ping')).toBe(false)
    },
  )

  it('ALN-43 one that lies later loses its link, and is tried again', async () => {
    const { ada, sketch } = scene(23)
    await world.settle(ada.bluetooth.pair())
    sketch.say({ service: 'log', srcAddr: 'kaaaaaaaaaaaaaaaaaaaaaaaaaa.abcd', data: 'I am she' })
    await world.clock.advanceUntil(() => ada.bluetooth.devices[0]?.state === 'waiting')
    expect(ada.bluetooth.devices[0]?.error?.code).toBe('PLAIN_REFUSED')
    await world.clock.advanceUntil(() => ada.bluetooth.devices[0]?.state === 'online')
  })

  it('a mesh that refuses plain nodes refuses devices: PLAIN_REFUSED', async () => {
    const { ada } = scene(24, {}, { plainNodes: 'refuse' })
    expect((await rejectionOf(world.settle(ada.bluetooth.pair()))).code).toBe('PLAIN_REFUSED')
  })
})
