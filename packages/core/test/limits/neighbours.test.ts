import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../src/bytes/memory-budget.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { seq48Of } from '../../src/identity/member-record.ts'
import { plainDataBytesMax, plainPacketBytesMax, plainTextBytesMax } from '../../src/link/frame-port.ts'
import { greetingTimeoutMs } from '../../src/link/greeting-life.ts'
import { ingressBytesMax } from '../../src/link/link-ingress.ts'
import type { Link } from '../../src/link/link.ts'
import { plainHostsMax, PlainNeighbour, plainServicesMax } from '../../src/plain-edge/plain-neighbour.ts'
import { newOriginsBurstMax, newOriginsPerSecondMax, Proofs, pullsMax, unprovenMax } from '../../src/routing/exchange/proofs.ts'
import { dumpEveryMs } from '../../src/routing/exchange/route-teller.ts'
import type { Router } from '../../src/routing/router.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { kissEnd } from '../../src/wire/kiss.ts'
import { frameKinds, linkFrameBytesMax } from '../../src/wire/link-frame.ts'
import type { Packet } from '../../src/wire/packet.ts'
import { PlainStreamReader } from '../../src/wire/plain-stream.ts'
import { PlainPeer, serviceSaid } from '../plain-edge/plain-peer.ts'
import { RouterWorld, text } from '../routing/router-world.ts'

function plainWorld(): { world: RouterWorld; relay: Router; peer: PlainPeer } {
  const world = new RouterWorld()
  const relay = world.router('relay', 'relay')
  const peer = new PlainPeer(world, relay)
  peer.join('thing')
  world.run(3_000)
  return { world, relay, peer }
}

describe('LM what a plain neighbour may make us keep', () => {
  it('LM the parser of a neighbour that has not shown that it is one of us keeps less than 64 KiB, whatever it sends', () => {
    for (const byte of [0x55, kissEnd, 0xdb, 0xdc]) {
      for (const size of [7, 4_096, 65_536]) {
        const reader = new PlainStreamReader({ packetBytesMax: plainPacketBytesMax })
        let most = 0
        for (let at = 0; at < 100_000; at += size) {
          const chunk = Uint8Array.from({ length: size }, (_, index) =>
            (at + index) % 5_000 === 0 ? kissEnd : (at + index) % 3 === 0 ? byte : 0x34,
          )
          reader.push(chunk)
          most = Math.max(most, reader.heldBytes)
        }
        expect(most).toBeLessThanOrEqual(65_536)
      }
    }
  })

  it('LM and the router gives it no larger one: what is longer than a plain packet is a fault before it is whole', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    dialer.start({ message: () => {}, drained: () => {}, closed: () => {} })
    relay.addChannel(listener)
    for (let sent = 0; sent < 5 * plainPacketBytesMax; sent += 1_024) dialer.send(new Uint8Array(1_024).fill(0x55))
    world.run(100)
    expect(relay.faults.get('too-long')).toBe(1)
  })

  it('LM a plain packet with more data, or with a longer name, is a fault, and the next one is read', () => {
    const { world, relay, peer } = plainWorld()
    const heard: number[] = []
    relay.registerService('sink', (packet) => void heard.push(packet.data?.length ?? 0))
    const say = (packet: Packet): number => {
      const before = relay.faults.get('too-long') ?? 0
      peer.say({ srcAddr: 'thing', destAddr: relay.address, service: 'sink', ...packet })
      world.run(100)
      return (relay.faults.get('too-long') ?? 0) - before
    }
    expect(say({ data: new Uint8Array(plainDataBytesMax) })).toBe(0)
    expect(say({ data: new Uint8Array(plainDataBytesMax + 1) })).toBe(1)
    expect(say({ data: new Uint8Array(plainPacketBytesMax) })).toBe(1)
    expect(say({ data: new Uint8Array(60_000) })).toBe(1)
    const long = 'x'.repeat(plainTextBytesMax + 1)
    for (const packet of [{ srcAddr: long }, { destAddr: long }, { service: long }, { nextAddr: long }]) expect(say(packet)).toBe(1)
    expect(say({ srcAddr: 'x'.repeat(plainTextBytesMax), data: 'still here' })).toBe(0)
    expect(heard).toEqual([plainDataBytesMax, 10])
  })

  it('LM hosts beyond 1 024 of one plain neighbour, and services beyond 32 of one host, are not learned', () => {
    const neighbour = new PlainNeighbour({} as Link)
    for (let at = 0; at < plainHostsMax + 200; at += 1) neighbour.learn(`host${at}`, 2)
    expect([...neighbour.hosts()]).toHaveLength(plainHostsMax)
    const { world, relay, peer } = plainWorld()
    for (let at = 0; at < plainServicesMax + 10; at += 1) peer.say(serviceSaid('thing', `service${at}`, 1))
    world.run(3_000)
    expect(relay.services().filter(({ address }) => address === 'thing')).toHaveLength(plainServicesMax)
  })
})

describe('LM what a capable neighbour may make us do', () => {
  it('LM more unproven routes than 20 000 of one neighbour are dropped and counted', () => {
    let dropped = 0
    const proofs = new Proofs<string>(new VirtualClock(), { pull: () => {}, dropped: () => (dropped += 1) })
    for (let at = 0; at < unprovenMax + 500; at += 1) proofs.hold('liar', { destination: `ghost ${at}`, seq48: 7, metric: 30, hops: 1 })
    expect([proofs.unproven, dropped]).toEqual([unprovenMax, 500])
  })

  it('LM records of new origins are pulled 64 at a time, and after a town at once 100 a second', () => {
    const clock = new VirtualClock()
    let pulled = 0
    const open: string[] = []
    const proofs = new Proofs<string>(clock, {
      pull: (_, wanted) => {
        pulled += wanted.length
        open.push(...wanted.map(({ address }) => address))
        expect(wanted.length).toBeLessThanOrEqual(pullsMax)
      },
      dropped: () => {},
    })
    let told = 0
    const tell = (count: number): void => {
      for (let at = 0; at < count; at += 1) proofs.hold('town', { destination: `origin ${told++}`, seq48: 7, metric: 30, hops: 1 })
      proofs.ask('town')
    }
    const prove = (): void => {
      for (let address = open.shift(); address !== undefined; address = open.shift()) {
        proofs.prove('town', { record: { address, seq48: 7, network: wireNetwork('default') } as never, bytes: new Uint8Array(0) })
        proofs.ask('town')
      }
    }
    tell(newOriginsBurstMax)
    prove()
    expect(pulled).toBe(newOriginsBurstMax)
    tell(2_000)
    for (let second = 0; second < 5; second += 1) {
      clock.runFor(1_000)
      prove()
    }
    expect(pulled - newOriginsBurstMax).toBeGreaterThan(newOriginsPerSecondMax * 3)
    expect(pulled - newOriginsBurstMax).toBeLessThanOrEqual(newOriginsPerSecondMax * 6)
  })

  it('LM one full dump in 5 s, however often it is asked for', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer, listener } = world.link(a, b)
    world.run(3_000)
    let dumps = 0
    const send = listener.sendControl.bind(listener)
    listener.sendControl = (message) => {
      if (message.type === 'routes' && message.complete) dumps += 1
      send(message)
    }
    for (let ask = 0; ask < 40; ask += 1) {
      dialer.sendControl({ type: 'refresh' })
      world.run(500)
    }
    expect(dumps).toBeGreaterThanOrEqual(3)
    expect(dumps).toBeLessThanOrEqual(20_000 / dumpEveryMs + 1)
  })

  it('LM link frames above 65 000 bytes are faults that the link survives', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(500)
    dialer.channel.send(new Uint8Array(linkFrameBytesMax + 1).fill(frameKinds.packets))
    world.run(100)
    expect(b.faults.get('too-long')).toBe(1)
    expect(b.destination(a.address)).toBeDefined()
  })

  it('LM frames that wait for verification hold 4 MiB at most; beyond that the link ends, and no other', async () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    const { dialer, listener } = world.link(a, b)
    world.link(c, b)
    world.run(500)
    const { open } = world.crypto
    world.crypto.open = () => new Promise(() => {})
    let most = 0
    for (let sent = 0; sent < 100; sent += 1) {
      const garbage = new Uint8Array(60_000)
      garbage[0] = frameKinds.control
      dialer.channel.send(garbage)
      world.run(1)
      most = Math.max(most, listener.heldBytes)
    }
    world.run(50)
    world.crypto.open = open
    expect(await listener.down).toMatch(/4194304 bytes/)
    expect(most).toBeGreaterThan(ingressBytesMax - 120_000)
    expect(most).toBeLessThanOrEqual(ingressBytesMax)
    world.run(500)
    expect(b.destination(c.address)).toBeDefined()
  })

  it('LM a greeting takes 5 s at most, and leaves nothing', async () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const links = Array.from({ length: 100 }, () => {
      const [dialer, listener] = memoryChannelPair(world.clock)
      dialer.start({ message: () => {}, drained: () => {}, closed: () => {} })
      return relay.addChannel(listener)
    })
    world.run(greetingTimeoutMs + 10)
    for (const { up } of links) await expect(up).rejects.toMatchObject({ code: 'GREETING_TIMEOUT' })
    expect(relay.links()).toEqual([])
  })
})

describe('LM the budget of memory', () => {
  it('LM who makes us hold the most is let go first, until the rest fits', () => {
    const budget = new MemoryBudget(100)
    const shed: number[] = []
    const holders = [10, 60, 40, 50].map((heldBytes) => ({ heldBytes, shed: () => void shed.push(heldBytes) }))
    for (const holder of holders) budget.add(holder)
    expect(budget.heldBytes).toBe(160)
    expect([budget.review(), shed]).toEqual([1, [60]])
    expect([budget.review(), budget.heldBytes]).toEqual([0, 100])
    budget.delete(holders[3]!)
    expect(budget.heldBytes).toBe(50)
  })

  it('LM a relay whose members do not read loses the one that is furthest behind, and the others keep what waits for them', () => {
    const world = new RouterWorld()
    const memory = new MemoryBudget(1_500_000)
    const relay = world.router('relay', 'relay', { memory })
    const sender = world.router('sender')
    world.link(sender, relay)
    const members = ['greedy', 'slow', 'quick'].map((name) => {
      const router = world.router(name)
      const heard: string[] = []
      router.registerService('sink', (packet) => void heard.push(text(packet.data).slice(0, 4)))
      return { router, heard, ...world.link(router, relay) }
    })
    world.run(2_000)
    const [greedy, slow, quick] = members as [(typeof members)[0], (typeof members)[0], (typeof members)[0]]
    for (const { listener } of [greedy, slow]) listener.channel.send = () => false
    const send = (to: Router, count: number): void => {
      for (let at = 0; at < count; at += 1) {
        sender.send({ destAddr: to.address, service: 'sink', data: new Uint8Array(16_000) })
        world.run(1)
      }
    }
    send(slow.router, 20)
    send(greedy.router, 60)
    send(quick.router, 10)
    expect(memory.heldBytes).toBeLessThan(1_500_000)
    expect([greedy.listener.phase, slow.listener.phase]).toEqual(['joined', 'joined'])
    send(slow.router, 20)
    world.run(1_500)
    expect([greedy.listener.phase, slow.listener.phase]).toEqual(['closed', 'joined'])
    expect(relay.faults.get('QUEUE_FULL')).toBeGreaterThan(0)
    expect(memory.heldBytes).toBeLessThan(1_500_000)
    expect(quick.heard).toHaveLength(10)
  })

  it('LM a made-up number of routes is no longer told than 4 096 in one message', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(500)
    const entries = Array.from({ length: 5_000 }, (_, at) => ({
      destination: `h${at}`,
      seq48: seq48Of(1_700_000_000, 0),
      metric: 30,
      hops: 1,
    }))
    dialer.sendControl({ type: 'routes', entries, complete: false })
    world.run(200)
    expect(b.faults.get('too-long') ?? 0).toBe(0)
    expect(b.sizes().find(({ table }) => table === 'unproven')!.size).toBe(5_000)
  })
})
