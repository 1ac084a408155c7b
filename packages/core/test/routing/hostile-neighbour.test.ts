import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { concatBytes } from '../../src/bytes/concat-bytes.ts'
import { addressOf, whoOf } from '../../src/identity/address.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { frameKinds } from '../../src/wire/link-frame.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { now, RouterWorld, text } from './router-world.ts'

/** A signed record of a member that is nowhere. `forge` has the last word on what is signed. */
function recordOfNobody(world: RouterWorld, forge?: (body: Uint8Array) => Uint8Array): { address: string; bytes: Uint8Array } {
  const keyPair = now(world.crypto.generateKeyPair())
  const address = addressOf(now(whoOf(keyPair.publicKey, world.crypto)), 'aaaa')
  const record: MemberRecord = {
    network: wireNetwork('default'),
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: now(world.crypto.generateExchangeKeys()).publicKey,
    seq48: seq48Of(1_700_000_000, 0),
    kind: 'member',
    name: '',
    capabilities: [],
    services: [],
    plainHosts: [],
  }
  if (!forge) return { address, bytes: now(signRecord(record, keyPair)) }
  const body = forge(now(signRecord(record, keyPair)).slice(0, -64))
  const signed = concatBytes([new TextEncoder().encode('hopmesh.1 record'), body])
  return { address, bytes: concatBytes([body, now(keyPair.sign(signed))]) }
}

describe('a neighbour that does what ours never do', () => {
  it('ALN-30 R13 SE16 a packet that has been on the way too long ends here, and its origin hears HOP_LIMIT', () => {
    const world = new RouterWorld()
    const [a, relay, b] = [world.router('a'), world.router('relay', 'relay'), world.router('b')]
    const { dialer } = world.link(a, relay)
    world.link(relay, b)
    world.run(500)
    const [errors, hops] = [[] as string[], [] as number[]]
    b.registerService('ping', (_, arrival) => void hops.push(arrival.hops))
    const contextID = a.registerContext((packet) => void errors.push(text(packet.data)))
    const packet = encodePacket({ srcAddr: a.address, destAddr: b.address, service: 'ping', contextID })
    for (const hopLimit of [1, 2, 32, 255]) dialer.sendPacket(encodeMeshPacket({ hopLimit }, packet))
    world.run(200)
    expect(errors).toEqual([expect.stringMatching(/^HOP_LIMIT/)])
    expect(hops).toEqual([32, 2, 2])
    expect(relay.faults.get('HOP_LIMIT')).toBe(1)
  })

  it('a storm of packets to nowhere causes no storm of errors', () => {
    const world = new RouterWorld()
    const [a, relay] = [world.router('a'), world.router('relay', 'relay')]
    const { dialer } = world.link(a, relay)
    world.run(500)
    let errors = 0
    const contextID = a.registerContext(() => void errors++)
    const packet = encodePacket({ srcAddr: a.address, destAddr: recordOfNobody(world).address, service: 'ping', contextID })
    for (let count = 0; count < 500; count++) dialer.sendPacket(encodeMeshPacket({ hopLimit: 32 }, packet))
    world.run(400)
    expect(errors).toBe(10)
    expect(relay.faults.get('NO_ROUTE')).toBe(500)
  })

  it('a record that nobody asked for is counted and forgotten (SE5)', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(500)
    const nobody = recordOfNobody(world)
    dialer.sendControl({ type: 'records', records: [nobody.bytes] })
    world.run(200)
    expect(b.faults.get('UNASKED')).toBe(1)
    dialer.sendControl({
      type: 'routes',
      entries: [{ destination: nobody.address, seq48: seq48Of(1_700_000_000, 0), metric: 5, hops: 1 }],
      complete: false,
    })
    world.run(100)
    expect(b.destination(nobody.address)).toBeUndefined()
  })

  it.each([32, 33, 255])('ALN-12 a signed record with %i services: 32 are taken, one more makes it a fault that is counted', (count) => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(500)
    // The record ends with the number of services and that of plain hosts.
    const services = Array.from({ length: count }, (_, index) => [3, 0x73, 0x30 + (index >> 4), 0x30 + (index & 15), 1]).flat()
    const hostile = recordOfNobody(world, (body) => Uint8Array.from([...body.slice(0, -3), count, ...services, 0, 0]))
    const seq48 = seq48Of(1_700_000_000, 0)
    dialer.sendControl({ type: 'routes', entries: [{ destination: hostile.address, seq48, metric: 21, hops: 1 }], complete: false })
    world.run(50)
    dialer.sendControl({ type: 'records', records: [hostile.bytes] })
    world.run(50)
    expect(b.services()).toHaveLength(count === 32 ? 32 : 0)
    expect(b.faults.get('too-long') ?? 0).toBe(count === 32 ? 0 : 1)
    expect(b.destination(a.address)).toBeDefined()
  })

  it("a route to one's own address is none", () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(500)
    for (const seq48 of [0, seq48Of(1_700_000_000, 0), seq48Of(1_700_000_000, 9)]) {
      dialer.sendControl({ type: 'routes', entries: [{ destination: b.address, seq48, metric: 5, hops: 1 }], complete: false })
      world.run(20_000)
      expect(b.destination(b.address)).toBeUndefined()
      expect(b.routes()).toHaveLength(1)
    }
  })

  it('frames that come faster than they can be verified cut off who sends them, and nobody else', async () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    const { dialer, listener } = world.link(a, b)
    world.link(c, b)
    world.run(500)
    const { open } = world.crypto
    world.crypto.open = () => new Promise(() => {})
    const garbage = new Uint8Array(64)
    garbage[0] = frameKinds.control
    for (let count = 0; count < 2_000; count++) dialer.channel.send(garbage.slice())
    world.run(50)
    world.crypto.open = open
    expect(await listener.down).toMatch(/1024 frames wait/)
    expect(b.faults.get('QUEUE_FULL')).toBe(1)
    world.run(500)
    expect(b.destination(c.address)).toBeDefined()
  })
})

describe('a neighbour that shows late what it is', () => {
  it.each(['dialer', 'listener'] as const)(
    'plain first, a greeting of ours later: the %s begins the handshake, and what it said as a plain node is void',
    (role) => {
      const world = new RouterWorld()
      const router = world.router('ours', 'relay')
      const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
      const [ours, theirs] = role === 'dialer' ? [dialer, listener] : [listener, dialer]
      let heard = ''
      theirs.start({ message: (bytes) => void (heard += Buffer.from(bytes).toString('latin1')), drained: () => {}, closed: () => {} })
      const say = (packet: Packet): void => void theirs.send(frame(encodePacket(packet)))
      const link = router.addChannel(ours)
      say({ netState: netStates.route, srcAddr: 'py-1', data: encodeRouteAdvert('py-1', 1) })
      world.run(100)
      expect(link.phase).toBe('plain')
      expect(router.destination('py-1')).toMatchObject({ kind: 'plain' })
      heard = ''
      say({ netState: netStates.query, data: `M1;1;${'A'.repeat(22)}` })
      world.run(100)
      expect(link.phase).toBe('greeting')
      expect(router.destination('py-1')).toBeUndefined()
      // Only the dialer has the word now: a link frame, which begins with its kind.
      expect(heard.includes('default')).toBe(role === 'dialer')
    },
  )
})
