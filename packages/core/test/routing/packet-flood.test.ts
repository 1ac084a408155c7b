import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { egressBytesMax } from '../../src/link/link-egress.ts'
import { unreadableBytesMax, unreadableFirstBytesMax } from '../../src/link/link-ingress.ts'
import { ReadingTurns, readingTurnBytesMax } from '../../src/link/reading-turns.ts'
import { WasteBudget, wasteBurstMax, wastePerSecondMax } from '../../src/link/waste-budget.ts'
import type { Router } from '../../src/routing/router.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { netStates } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { packetToJson } from '../../src/wire/packet-json.ts'
import { BusyProcessor } from './busy-processor.ts'
import { RouterWorld } from './router-world.ts'

const windowPackets = 512
const packetBytes = 1_000
const stepMs = 0.2

interface Scene {
  readonly world: RouterWorld
  readonly hub: Router
  readonly a: Router
  readonly b: Router
  readonly processor: BusyProcessor
  /** A further neighbour of the hub, at the end of a line of its own. */
  join(router: Router): ReturnType<Router['addChannel']>
  /** A line to the hub, of which nobody has said yet who is there. */
  dial(carries: Channel['carries']): Channel
}

function scene(): Scene {
  const world = new RouterWorld()
  const processor = new BusyProcessor(world.clock)
  const [hub, a, b] = ['hub', 'a', 'b'].map((name) => world.router(name)) as [Router, Router, Router]
  const dial = (carries: Channel['carries']): Channel => {
    const [near, far] = memoryChannelPair(world.clock, { latencyMs: 1, carries })
    hub.addChannel(processor.reads(far))
    return near
  }
  const join = (router: Router): ReturnType<Router['addChannel']> => router.addChannel(dial('frames'))
  join(a)
  join(b)
  world.run(1_000)
  return { world, hub, a, b, processor, join, dial }
}

/** What arrives in a second at b of what a says, as much as `perSecond` or as the way takes. */
function throughput(attack?: (scene: Scene) => void, perSecond = Number.POSITIVE_INFINITY): { heard: number; hub: Router } {
  const all = scene()
  const { world, hub, a, b } = all
  let heard = 0
  let sent = 0
  attack?.(all)
  b.registerService('count', () => void heard++)
  world.run(2_000)
  const steps = 1_000 / stepMs
  let before = 0
  for (let step = 0; step < 2 * steps; step++) {
    // The second in which the attack has its burst does not count.
    if (step === steps) before = heard
    while (sent - heard < windowPackets && sent < (perSecond * stepMs * (step + 1)) / 1_000) {
      sent++
      a.send({ service: 'count', destAddr: b.address, data: new Uint8Array(packetBytes) })
    }
    world.run(stepMs)
  }
  return { heard: heard - before, hub }
}

/** Says the next thing as long as the channel takes it, for ever. */
function pump(channel: Channel, piece: () => Uint8Array): void {
  const more = (): void => {
    while (channel.send(piece()));
  }
  channel.start({ message: () => {}, drained: more, closed: () => {} })
  more()
}

const packet = (destAddr: string, srcAddr: string, bytes = 64): Uint8Array =>
  encodeMeshPacket({ hopLimit: 32 }, { srcAddr, destAddr, service: 'flood', data: new Uint8Array(bytes) }).slice()

/** A member in good order that says as many packets as its line takes. */
function packetFlood(destination: (scene: Scene) => string, bytes = 64): (scene: Scene) => void {
  return (all) => {
    const { world, join } = all
    const hostile = world.router('hostile')
    const link = join(hostile)
    world.run(1_000)
    const to = destination(all)
    const bytesOfOne = packet(to, hostile.address, bytes)
    const step = (): void => {
      for (let count = 0; count < 2_000 && link.sendPacket(bytesOfOne); count++);
      world.clock.setTimer(1, step)
    }
    step()
  }
}

const nowhere = `k${'a'.repeat(26)}.aaaa`
let names = 0

describe('a neighbour that sends more than it is worth (LM)', () => {
  const alone = throughput().heard

  it('the model is busy: one way takes what the processor gives', () => {
    expect(alone).toBeGreaterThan(15_000)
    expect(alone).toBeLessThan(40_000)
  })

  it.each<[string, (scene: Scene) => void]>([
    ['packets to nowhere', packetFlood(() => nowhere)],
    ['packets in the name of the hub', packetFlood(({ hub }) => hub.address)],
    [
      'frames that are none',
      ({ world, join }) => {
        const dialed = join(world.router('hostile')).channel
        world.run(500)
        const step = (): void => {
          while (dialed.send(Uint8Array.of(6, 200, 1, 2)));
          world.clock.setTimer(1, step)
        }
        step()
      },
    ],
    [
      'plain adverts of made-up names',
      ({ dial }) =>
        pump(dial('stream'), () =>
          frame(encodePacket({ netState: netStates.route, srcAddr: 'flood', data: encodeRouteAdvert(`made-up-${names++}`, 1) })),
        ),
    ],
    [
      'plain packets to nowhere',
      ({ dial }) =>
        pump(dial('text'), () =>
          new TextEncoder().encode(
            packetToJson({ srcAddr: 'flood', destAddr: `nobody${names++ % 1_000}`, contextID: 7, data: new Uint8Array(64) }),
          ),
        ),
    ],
  ])('%s: counted and read more slowly, and another link keeps 95 % of full speed', (_, attack) => {
    const { heard, hub } = throughput(attack)
    expect(heard / alone).toBeGreaterThanOrEqual(0.95)
    expect(hub.faults.get('PACKET_FLOOD')).toBeGreaterThan(0)
  })

  it('noise, again and again from whoever was cut off, leaves another link 95 %', () => {
    const noise = new Uint8Array(4_096).map((_, at) => (at * 7_919) >> 3)
    const { heard } = throughput(({ world, dial }) => {
      const open = (): void => {
        pump(dial('stream'), () => noise)
        world.clock.setTimer(100, open)
      }
      open()
    })
    expect(heard / alone).toBeGreaterThanOrEqual(0.95)
  })

  it('names of 64 KiB, again and again from whoever was cut off, leave another link 95 %, and nobody learns one', () => {
    const long = 'n'.repeat(65_536)
    const said = [
      { net: 1, src: long, data: null },
      { net: 2, srv: long, src: 'flood', data: null },
      { net: 0, srv: 'count', src: 'flood', dst: long, data: null },
    ].map((row) => new TextEncoder().encode(JSON.stringify(row)))
    const { heard, hub } = throughput(({ world, dial }) => {
      const open = (): void => {
        pump(dial('text'), () => said[names++ % said.length]!)
        world.clock.setTimer(100, open)
      }
      open()
    })
    expect(heard / alone).toBeGreaterThanOrEqual(0.95)
    expect(hub.routes().some(({ address }) => address.length > 100)).toBe(false)
  })

  it.each([
    ['stream', 'one endless packet'],
    ['text', 'long packets'],
  ] as const)('LM over a %s channel %s end the link, before its first word after 64 KiB, else after 1 MiB', (carries, _what) => {
    const { world, hub, dial } = scene()
    const piece = new Uint8Array(32_768).fill(0x61)
    const takes = (greeting: Uint8Array | undefined): number => {
      const before = hub.links().length
      const line = dial(carries)
      line.start({ message: () => {}, drained: () => {}, closed: () => {} })
      if (greeting) line.send(greeting)
      for (let pieces = 0; pieces < 100; pieces++) {
        world.run(10)
        if (hub.links().length === before) return pieces * piece.length
        line.send(piece)
      }
      return Infinity
    }
    const plain = { netState: netStates.query, srcAddr: 'talker' }
    const greeting = carries === 'text' ? new TextEncoder().encode(packetToJson(plain)) : frame(encodePacket(plain))
    expect(takes(undefined)).toBe(unreadableFirstBytesMax + piece.length)
    if (carries === 'stream') expect(takes(greeting)).toBe(unreadableBytesMax + piece.length)
    else expect(takes(greeting)).toBeLessThanOrEqual(unreadableBytesMax + piece.length)
  })

  it('who stops reading: what is for it is dropped at a bound, and another link keeps 95 % of what it needs', () => {
    const { heard, hub } = throughput(({ world, dial, join }) => {
      const [silent, friend] = [world.router('deaf'), world.router('friend')]
      const line = dial('frames')
      silent.addChannel(line)
      join(friend)
      world.run(1_000)
      line.pauseReading?.()
      const step = (): void => {
        for (let count = 0; count < 5; count++)
          friend.send({ destAddr: silent.address, service: 'count', data: new Uint8Array(packetBytes) })
        world.clock.setTimer(1, step)
      }
      step()
    }, alone / 4)
    expect(hub.faults.get('QUEUE_FULL')).toBeGreaterThan(0)
    expect(heard / throughput(undefined, alone / 4).heard).toBeGreaterThanOrEqual(0.95)
  })

  it('packets that arrive are nobody’s fault: links share the node, and one that needs a quarter of it keeps 95 % of that', () => {
    const flood = packetFlood(({ world, join }) => {
      const accomplice = world.router('accomplice')
      join(accomplice)
      world.run(1_000)
      accomplice.registerService('flood', () => {})
      return accomplice.address
    })
    const quarter = throughput(undefined, alone / 4).heard
    const { heard, hub } = throughput(flood, alone / 4)
    expect(heard / quarter).toBeGreaterThanOrEqual(0.95)
    expect(throughput(flood).heard / alone).toBeGreaterThan(0.35)
    expect(hub.faults.get('PACKET_FLOOD')).toBeUndefined()
  })

  it('a line that two fill is not filled by one of them: who needs little of it keeps 95 %', () => {
    const world = new RouterWorld()
    const [hub, a, hostile, b] = ['hub', 'a', 'hostile', 'b'].map((name) => world.router(name)) as [Router, Router, Router, Router]
    world.link(a, hub)
    const { dialer } = world.link(hostile, hub)
    const [near, far] = memoryChannelPair(world.clock, { latencyMs: 5 })
    hub.addChannel(near)
    b.addChannel(narrow(far, world.clock, 1_000_000))
    world.run(1_000)
    let heard = 0
    b.registerService('count', () => void heard++)
    b.registerService('flood', () => {})
    const flood = packet(b.address, hostile.address, 1_000)
    let sent = 0
    for (let step = 0; step < 20_000; step += 2) {
      for (let count = 0; count < 40; count++) dialer.sendPacket(flood)
      if (step % 10 === 0 && step < 12_000) {
        sent++
        expect(a.send({ service: 'count', destAddr: b.address, data: new Uint8Array(packetBytes) })).toBeUndefined()
      }
      world.run(2)
    }
    expect(hub.faults.get('QUEUE_FULL')).toBeGreaterThan(egressBytesMax / 1_000)
    expect(heard / sent).toBeGreaterThanOrEqual(0.95)
  })
})

/** Reads so many bytes in a second. */
function narrow(channel: Channel, clock: VirtualClock, bytesPerSecond: number): Channel {
  const receive = (receiver: Parameters<Channel['start']>[0]): void =>
    channel.start({
      drained: () => receiver.drained(),
      closed: (reason) => receiver.closed(reason),
      message: (bytes) => {
        channel.pauseReading?.()
        clock.setTimer((bytes.length / bytesPerSecond) * 1_000, () => channel.resumeReading?.())
        receiver.message(bytes)
      },
    })
  return new Proxy(channel, {
    get(target, key) {
      if (key === 'start') return receive
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

describe('turns and budgets', () => {
  it('who was read for a turn waits while others speak, and nobody waits who is alone', () => {
    const clock = new VirtualClock()
    const turns = new ReadingTurns(clock)
    const log: string[] = []
    const link = (name: string) => ({ hold: () => log.push(`${name} waits`) > 0, release: () => void log.push(`${name} goes on`) })
    const [one, other] = [link('one'), link('other')]
    turns.read(one, 10 * readingTurnBytesMax)
    expect(log).toEqual([])
    turns.read(other, 10)
    turns.read(one, readingTurnBytesMax)
    turns.read(other, readingTurnBytesMax)
    expect(log).toEqual(['one waits', 'other waits', 'one goes on'])
    clock.runFor(1)
    expect(log.slice(3)).toEqual(['other goes on'])
    turns.read(one, 10)
    clock.runFor(1_000)
    turns.read(one, 2 * readingTurnBytesMax)
    expect(log).toHaveLength(4)
  })

  it('1 000 useless things a second and 4 000 at once are free; then nothing is read for 0.1 to 1 s', () => {
    const budget = new WasteBudget(0)
    for (let said = 0; said < wasteBurstMax; said++) expect(budget.spend(1, 0)).toBe(0)
    expect(budget.spend(1, 0)).toBe(100)
    expect(budget.spend(10 * wastePerSecondMax, 0)).toBe(1_000)
    for (let now = 20_000; now < 60_000; now += 1_000 / wastePerSecondMax) expect(budget.spend(1, now)).toBe(0)
  })
})
