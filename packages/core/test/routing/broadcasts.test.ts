import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../src/bytes/memory-budget.ts'
import { run } from '../../src/async/awaitable.ts'
import { broadcastHolds, readBroadcast, signBroadcast } from '../../src/identity/broadcast-proof.ts'
import { deriveNetworkKeys, type NetworkKeys } from '../../src/identity/network-key.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import type { Router } from '../../src/routing/router.ts'
import { WireFault } from '../../src/wire/wire-fault.ts'
import { now, RouterWorld, text } from './router-world.ts'
import { packetBytes } from '../wire/packet-bytes.ts'

const service = '$news'

function heardBy(router: Router): string[] {
  const heard: string[] = []
  router.registerService(service, (packet, { verified, broadcast }) => void heard.push(`${text(packet.data)} ${verified} ${broadcast}`))
  return heard
}

function keysOf(world: RouterWorld, byte = 1): NetworkKeys {
  return now(deriveNetworkKeys({ kind: 'bytes', bytes: new Uint8Array(32).fill(byte) }, 'default', world.crypto))
}

interface Line {
  readonly world: RouterWorld
  readonly a: Router
  readonly middle: Router
  readonly c: Router
  /** What the middle hands to c, as it is: packets of broadcasts. */
  readonly passed: Uint8Array[]
  /** Hands c something, as the middle. */
  hand(bytes: Uint8Array): void
}

/** a – middle – c; what crosses the second link is seen, and can be changed or made up. */
function line(change: (bytes: Uint8Array) => Uint8Array | undefined = (bytes) => bytes, keys?: (world: RouterWorld) => NetworkKeys): Line {
  const world = new RouterWorld()
  const keyed = keys && { keys: keys(world) }
  const [a, middle, c] = [world.router('a', 'member', keyed), world.router('middle', 'relay', keyed), world.router('c', 'member', keyed)]
  world.relayLink(a, middle)
  const { listener } = world.relayLink(c, middle)
  world.run(500)
  const passed: Uint8Array[] = []
  const send = listener.sendPacket.bind(listener)
  listener.sendPacket = (packet) => {
    const bytes = packetBytes(packet)
    passed.push(bytes.slice())
    const changed = change(bytes.slice())
    return changed === undefined || send(changed)
  }
  return { world, a, middle, c, passed, hand: (bytes) => void send(bytes) }
}

describe('SE9 broadcasts', () => {
  it('are proven on the way and verified where they arrive', () => {
    const { world, a, c, middle } = line()
    const heard = heardBy(c)
    void a.say({ service, data: 'hello' })
    world.run(200)
    expect(heard).toEqual(['hello true true'])
    expect([...middle.faults, ...c.faults]).toEqual([])
  })

  it('that were altered are dropped and counted where they enter, and do not stand in the way of the true one', () => {
    let broken = true
    const { world, a, c, passed, hand } = line((bytes) => (broken ? bytes.with(bytes.length - 66, bytes.at(-66)! ^ 1) : bytes))
    const heard = heardBy(c)
    void a.say({ service, data: 'hello' })
    world.run(200)
    expect(heard).toEqual([])
    expect(c.faults.get('bad-signature')).toBe(1)
    // The id was not marked by the forgery: the same broadcast by another way is taken.
    broken = false
    hand(passed[0]!)
    world.run(200)
    expect(heard).toEqual(['hello true true'])
  })

  it('cannot be made up in the name of another, nor moved to another service', () => {
    const { world, a, c, passed, hand } = line()
    const heard = heardBy(c)
    const others: string[] = []
    c.registerService('$else', (packet) => void others.push(text(packet.data)))
    void a.say({ service: '$else', data: 'true words' })
    world.run(200)
    const moved = new TextDecoder('latin1').decode(passed[0]!).replace('$else', '$news')
    hand(Uint8Array.from(moved, (character) => character.charCodeAt(0)))
    world.run(200)
    expect([heard, others]).toEqual([[], ['true words']])
    // The id is known by now; with another counter it is a forgery.
    const forged = passed[0]!.slice()
    const at = forged.length - 64 - 'true words'.length - (6 + 1 + 1) - 1
    forged[at] = forged[at]! ^ 8
    hand(forged)
    world.run(200)
    expect(others).toEqual(['true words'])
    expect(c.faults.get('bad-signature')).toBe(1)
  })

  it('reach who comes later, also when their origin is gone, within the window; after it they are dropped', () => {
    const { world, a, middle, c, passed, hand } = line()
    const heard = heardBy(c)
    void a.say({ service, data: 'once' })
    world.run(200)
    void a.close()
    world.run(1_000)
    const again = world.router('a', 'member', { again: a, epoch: 1_700_000_900 })
    world.link(again, middle)
    const early = world.router('early')
    const earlyHeard = heardBy(early)
    world.link(early, middle)
    world.run(590_000)
    expect(earlyHeard).toEqual(['once true true'])
    world.run(80_000)
    expect(c.destination(again.address)).toBeDefined()
    // A node that came later knows no ids of before, and somebody tells it an old one again.
    const late = world.router('late')
    const lateHeard = heardBy(late)
    const { listener } = world.link(late, middle)
    world.run(20_000)
    listener.sendPacket(passed[0]!)
    hand(passed[0]!)
    world.run(200)
    expect([heard, lateHeard]).toEqual([['once true true'], []])
    expect(late.faults.get('STALE')).toBe(1)
  })

  it('of somebody of whom there is no proof are counted and dropped', () => {
    const { passed, world, a } = line()
    void a.say({ service, data: 'hello' })
    world.run(200)
    const stranger = new RouterWorld({ seed: 9 })
    const [one, two] = [stranger.router('one'), stranger.router('two')]
    const heard = heardBy(two)
    const { dialer } = stranger.link(one, two)
    stranger.run(500)
    dialer.sendPacket(passed[0]!)
    stranger.run(5_000)
    expect(heard).toEqual([])
    expect(two.faults.get('UNPROVEN')).toBe(1)
  })

  it('of a newcomer wait for its proof', () => {
    const { world, a, middle, c } = line()
    heardBy(a)
    const heard = heardBy(c)
    const newcomer = world.router('newcomer')
    const { dialer } = world.link(newcomer, middle, { latencyMs: 1 })
    void dialer.up.then(() => newcomer.say({ service, data: 'I am here' }))
    return world.advance(3_000).then(() => expect(heard).toEqual(['I am here true true']))
  })

  it('with a network key are for its members: the relay passes on what it cannot read', () => {
    const { world, a, middle, c, passed } = line((bytes) => bytes, keysOf)
    const heard = heardBy(c)
    const atRelay = heardBy(middle)
    const marker = 'MARKER of Ada'
    void a.say({ service, data: marker })
    world.run(200)
    expect(heard).toEqual([`${marker} true true`])
    expect([atRelay, [...middle.faults]]).toEqual([[], []])
    expect(passed).toHaveLength(1)
    expect(new TextDecoder('latin1').decode(passed[0]!)).not.toContain(marker)
    // The control: without a key it stands there.
    const open = line()
    heardBy(open.c)
    void open.a.say({ service, data: marker })
    open.world.run(200)
    expect(new TextDecoder('latin1').decode(open.passed[0]!)).toContain(marker)
  })

  it('carry the signature of the origin over network, service and all that is said', () => {
    const { crypto } = new RouterWorld()
    const keyPair = now(crypto.generateKeyPair())
    const frame = { network: wireNetwork('garden'), origin: 'somebody', service }
    const signer = { crypto, keyPair, keys: undefined, salt: new Uint8Array(16) }
    const said = {
      epoch: 7,
      counter: 9,
      fleeting: false,
      ownTree: true,
      before: 8,
      saidAt: 1_700_000_000_123,
      body: new TextEncoder().encode('hello'),
    }
    const data = now(run(signBroadcast(frame, said, signer)))
    expect(readBroadcast(data)).toMatchObject({ ...said, salt: undefined })
    const proof = { publicKey: keyPair.publicKey, crypto }
    expect(now(run(broadcastHolds(frame, data, proof)))).toBe(true)
    for (const other of [
      { ...frame, service: 'x' },
      { ...frame, origin: 'else' },
      { ...frame, network: wireNetwork('house') },
    ]) {
      expect(now(run(broadcastHolds(other, data, proof)))).toBe(false)
    }
    for (let at = 0; at < data.length; at += 1)
      expect(now(run(broadcastHolds(frame, data.with(at, data[at]! ^ 1), proof))), `byte ${at}`).toBe(false)
    for (let length = 0; length < 64 + 16; length += 1) expect(readBroadcast(data.subarray(0, length))).toBeInstanceOf(WireFault)
  })
})

it('LM what is kept for those who are away is in the budget of memory, and goes when there is no room', () => {
  const memory = new MemoryBudget(1_000_000)
  const world = new RouterWorld()
  const [a, b] = [world.router('a', 'member', { memory }), world.router('b')]
  const heard = heardBy(b)
  for (let count = 0; count < 50; count += 1) void a.say({ service, data: new Uint8Array(15_000) })
  expect(memory.heldBytes).toBeGreaterThan(700_000)
  for (let count = 0; count < 50; count += 1) void a.say({ service, data: new Uint8Array(15_000) })
  expect(memory.review()).toBe(1)
  expect(memory.heldBytes).toBe(0)
  world.run(10)
  void a.say({ service, data: 'after that' })
  expect(memory.heldBytes).toBeGreaterThan(0)
  world.link(a, b)
  world.run(5_000)
  expect(heard).toEqual(['after that true true'])
  void a.close()
  world.run(1_000)
  expect(memory.heldBytes).toBe(0)
})

it('with a key store that takes its time, broadcasts keep their order, and too many at once are refused', async () => {
  const world = new RouterWorld({ cryptoMsMax: 20 })
  const [a, b] = [world.router('a'), world.router('b')]
  const heard = heardBy(b)
  world.link(a, b)
  await world.advance(3_000)
  const said = Array.from({ length: 20 }, (_, index) => a.say({ service, data: String(index) }))
  await world.advance(5_000)
  expect(await Promise.all(said)).toEqual(said.map(() => expect.objectContaining({ origin: a.address })))
  expect(heard).toEqual(Array.from({ length: 20 }, (_, index) => `${index} true true`))
  const many = Array.from({ length: 300 }, () => a.say({ service, data: 'x' }))
  const codes = many.filter((answer) => !(answer instanceof Promise))
  expect(codes.length).toBeGreaterThan(0)
  expect(codes[0]).toMatchObject({ code: 'QUEUE_FULL' })
})
