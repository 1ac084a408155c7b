import { describe, expect, it } from 'vitest'
import { addressOf, whoOf } from '../../src/identity/address.ts'
import { seq48Of } from '../../src/identity/member-record.ts'
import { errorsPerSecondMax } from '../../src/routing/packets/complaints.ts'
import { traceService } from '../../src/routing/routing-types.ts'
import type { Router } from '../../src/routing/router.ts'
import type { ControlMessage } from '../../src/wire/control.ts'
import { encodeMeshPacket, readMeshPacket } from '../../src/wire/mesh-packet.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { now, RouterWorld, text } from '../routing/router-world.ts'
import { packetBytes } from '../wire/packet-bytes.ts'

function meshPacket(packet: Packet, hopLimit = 32): Uint8Array {
  return encodeMeshPacket({ hopLimit }, encodePacket(packet))
}

/** Each control message that `router` says to the neighbour at `to`. */
function saidTo(router: Router, to: Router): ControlMessage[] {
  const link = router.links().find(({ peer }) => peer?.address === to.address)!
  const said: ControlMessage[] = []
  const send = link.sendControl.bind(link)
  link.sendControl = (message) => {
    said.push(message)
    send(message)
  }
  return said
}

function nobody(world: RouterWorld): string {
  return addressOf(now(whoOf(now(world.crypto.generateKeyPair()).publicKey, world.crypto)), 'aaaa')
}

describe('SE16 what one neighbour can make others do', () => {
  it('SE16 a record is pulled only from who sent the entry, and a pull is never passed on', () => {
    const world = new RouterWorld()
    const [honest, middle, liar] = [world.router('honest'), world.router('middle'), world.router('liar')]
    world.link(honest, middle)
    const { dialer } = world.link(liar, middle)
    world.run(3_000)
    const [toHonest, toLiar] = [saidTo(middle, honest), saidTo(middle, liar)]
    const wanted = Array.from({ length: 500 }, () => ({ address: nobody(world), seq48: 1 }))
    dialer.sendControl({ type: 'pull', wanted })
    const made = Array.from({ length: 200 }, () => ({ destination: nobody(world), seq48: seq48Of(1_700_000_000, 0), metric: 40, hops: 2 }))
    dialer.sendControl({ type: 'routes', entries: made, complete: false })
    world.run(30_000)
    expect(toHonest.filter(({ type }) => type === 'pull')).toEqual([])
    const asked = toLiar.flatMap((message) => (message.type === 'pull' ? [message.wanted.length] : []))
    expect(asked.length).toBeGreaterThan(0)
    expect(Math.max(...asked)).toBeLessThanOrEqual(64)
    // What was never proven was never told, and is counted.
    expect(toHonest.flatMap((message) => (message.type === 'routes' ? message.entries : [])).filter(({ hops }) => hops > 2)).toEqual([])
    expect((middle.faults.get('UNPROVEN') ?? 0) + (middle.faults.get('ROUTES_DIFFER') ?? 0)).toBeGreaterThan(0)
  })

  it('SE16 a relay drops what a leaf hands over in the name of others, and counts it', () => {
    const world = new RouterWorld()
    const [relay, leaf, victim, other] = [
      world.router('relay', 'relay'),
      world.router('leaf'),
      world.router('victim'),
      world.router('other'),
    ]
    const { dialer } = world.link(leaf, relay)
    world.link(victim, relay)
    world.link(other, relay)
    world.run(2_000)
    const heard: string[] = []
    victim.registerService('x', (packet) => void heard.push(`${packet.srcAddr === leaf.address} ${text(packet.data)}`))
    for (const srcAddr of [other.address, relay.address, nobody(world)]) {
      dialer.sendPacket(meshPacket({ srcAddr, destAddr: victim.address, service: 'x', data: 'forged' }))
    }
    dialer.sendPacket(meshPacket({ srcAddr: leaf.address, destAddr: victim.address, service: 'x', data: 'own' }))
    world.run(500)
    expect(heard).toEqual(['true own'])
    expect(relay.faults.get('SPOOFED')).toBe(3)
    // Who really has others behind it passes on what they say.
    const behind = world.router('behind')
    world.link(behind, leaf)
    world.run(3_000)
    behind.send({ destAddr: victim.address, service: 'x', data: 'carried' })
    world.run(500)
    expect(heard).toEqual(['true own', 'false carried'])
  })

  it('SE16 a hop answers a trace with at most 100 bytes, ten times a second for one neighbour', () => {
    const world = new RouterWorld()
    const [asker, hop, target] = [world.router('asker'), world.router('hop', 'relay'), world.router('target')]
    const { dialer, listener } = world.link(asker, hop)
    world.link(target, hop)
    world.run(3_000)
    const answers: number[] = []
    const send = listener.sendPacket.bind(listener)
    listener.sendPacket = (packet, from) => {
      const bytes = packetBytes(packet)
      const header = readMeshPacket(bytes)
      if (!isWireFault(header) && header.netState === netStates.error) answers.push(bytes.length)
      return send(bytes, from)
    }
    world.run(1_000 - (world.clock.now() % 1_000))
    for (let probe = 0; probe < 200; probe += 1) {
      dialer.sendPacket(meshPacket({ srcAddr: asker.address, destAddr: target.address, service: traceService, contextID: 9 }, 1))
    }
    world.run(500)
    expect(answers).toHaveLength(errorsPerSecondMax)
    expect(Math.max(...answers)).toBeLessThanOrEqual(100)
  })
})

describe('SE14 errors', () => {
  it('SE14 an error says no more than fits in what caused it, the code apart, and nothing is said about errors', () => {
    const world = new RouterWorld()
    const [attacker, relay, victim] = [world.router('attacker'), world.router('relay', 'relay'), world.router('victim')]
    // A way for packets in the name of the victim: somebody is behind the attacker.
    world.link(world.router('behind'), attacker)
    const { dialer } = world.link(attacker, relay)
    const { listener } = world.link(victim, relay)
    world.run(3_000)
    const caused: number[] = []
    const send = listener.sendPacket.bind(listener)
    listener.sendPacket = (packet, from) => {
      caused.push(packetBytes(packet).length)
      return send(packet, from)
    }
    const code = 'NO_ROUTE'
    const say = (packet: Packet): number => {
      caused.length = 0
      const bytes = meshPacket({ srcAddr: victim.address, destAddr: nobody(world), ...packet })
      dialer.sendPacket(bytes)
      world.run(1_100)
      return bytes.length
    }
    const bare = say({})
    expect(caused).toHaveLength(1)
    expect(caused[0]).toBeLessThanOrEqual(bare + 3 + code.length)
    for (const length of [0, 10, 40, 80, 400]) {
      const cause = say({ service: 'x'.repeat(20), contextID: 7, data: new Uint8Array(length) })
      expect(caused).toHaveLength(1)
      expect(caused[0]).toBeLessThanOrEqual(cause)
    }
    say({ netState: netStates.error, contextID: 7, data: 'NO_ROUTE round and round' })
    expect(caused).toEqual([])
  })
})
