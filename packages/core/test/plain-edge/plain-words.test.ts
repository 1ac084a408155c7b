import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readOrder, writeOrder } from '../../src/plain-edge/origin-order.ts'
import { lastWay } from '../../src/plain-edge/plain-words.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { frame } from '../../src/wire/kiss.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { RouterWorld } from '../routing/router-world.ts'
import { PlainPeer, pong } from './plain-peer.ts'

const fragile = [0xc0, 0xdb]

function hasFragile(bytes: Uint8Array): boolean {
  return bytes.some((byte) => fragile.includes(byte))
}

describe('words that no plain stack dies of', () => {
  it('L12 numbers grow with what they stand for, come back as they were, and have no byte that KISS escapes', () => {
    const number = fc.integer({ min: 0, max: 254 ** 6 - 1 })
    fc.assert(
      fc.property(number, number, (one, other) => {
        const [a, b] = [writeOrder(one), writeOrder(other)]
        expect(readOrder(a)).toBe(one)
        const compared = a.ackBlock! - b.ackBlock! || a.seqNum! - b.seqNum!
        expect(Math.sign(compared)).toBe(Math.sign(one - other))
        for (const { ackBlock = 0, seqNum = 0 } of [a, b]) {
          for (const value of [ackBlock, seqNum])
            for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) expect(fragile).not.toContain(rest % 256)
        }
      }),
    )
    expect(readOrder(writeOrder(1_700_000_000 * 65_536 + 65_535))).toBe(1_700_000_000 * 65_536 + 65_535)
    expect(readOrder({})).toBe(0)
  })

  it('ALN-33 the header of a data packet never holds END or ESC, whichever of its fields are there', () => {
    const optional = { service: 'log', srcAddr: 'a', contextID: 0x1234, data: 'x', netState: netStates.error } as const
    const keys = Object.keys(optional) as (keyof typeof optional)[]
    for (let mask = 0; mask < 1 << keys.length; mask += 1) {
      const packet: Packet = {
        dataType: 3,
        ...Object.fromEntries(keys.filter((_, at) => mask & (1 << at)).map((key) => [key, optional[key]])),
      }
      const last = lastWay(packet, 'b', 'c')
      expect(last.dataType).toBeUndefined()
      expect(hasFragile(encodePacket(last)), JSON.stringify(last)).toBe(false)
    }
  })

  it('ALN-14 ALN-15 names that some stack cannot read are not told, nor a load of 0 or of more than seven bits', () => {
    const world = new RouterWorld()
    const [relay, member, lamp] = [world.router('relay', 'relay'), world.router('member'), world.router('lämp', 'named')]
    for (const service of ['größe', 'two words', 'x'.repeat(95), 'tab\there']) member.registerService(service, () => {}, { load: 127 })
    pong(lamp)
    pong(member)
    world.link(member, relay)
    world.link(lamp, relay)
    const peer = new PlainPeer(world, relay)
    peer.join('y')
    world.run(100_000)
    expect([...new Set(peer.services())].sort()).toEqual([`${member.address} ping 1`, `${member.address} ${'x'.repeat(95)} 127`].sort())
    expect([...new Set(peer.routes())].sort()).toEqual([`${member.address} 65`, `${relay.address} 1`].sort())
    const adverts = peer.heard.filter(({ netState }) => netState)
    expect(adverts.length).toBeGreaterThan(10)
    for (const { data } of adverts) expect(data?.every((byte) => byte < 0x80) ?? true).toBe(true)
  })

  it('a service whose advert would have the length of an END is not told', () => {
    const world = new RouterWorld()
    const host = 'h'.repeat(90)
    const relay = world.router('relay', 'relay')
    new PlainPeer(world, relay).join(host, 's'.repeat(97), 's'.repeat(98), 's'.repeat(99))
    const peer = new PlainPeer(world, relay)
    peer.join('y')
    world.run(1_000)
    expect(peer.services().sort()).toEqual([`${host} ${'s'.repeat(97)} 1`, `${host} ${'s'.repeat(99)} 1`])
  })

  it('ALN-31 on a byte stream no frame is longer than the smallest buffer, escapes included', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const [stream, json] = [new PlainPeer(world, relay), new PlainPeer(world, relay, 'text')]
    stream.join('y')
    json.join('z')
    world.run(1_000)
    const send = (destAddr: string, byte: number, length: number): string | undefined =>
      relay.send({ destAddr, service: 'log', contextID: 7, data: new Uint8Array(length).fill(byte) })?.code
    expect([send('y', 0x41, 4_000), send('y', 0xc0, 2_000), send('y', 0xc0, 2_100), send('y', 0x41, 4_001)]).toEqual([
      undefined,
      undefined,
      'TOO_LARGE',
      'TOO_LARGE',
    ])
    expect(send('z', 0xc0, 4_000)).toBeUndefined()
    world.run(500)
    expect(Math.max(...stream.data().map((packet) => frame(encodePacket(packet)).length))).toBeLessThanOrEqual(4_090)
    expect([stream.data().length, json.data().length]).toEqual([2, 1])
  })
})
