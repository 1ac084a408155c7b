import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { largeLoadEveryMs, smallLoadAfterMs } from '../../src/routing/own-contents.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { RouterWorld } from './router-world.ts'

interface Told {
  readonly world: RouterWorld
  readonly provider: Router
  readonly relay: Router
  /** As a node two links away has it. */
  load(): number | undefined
  /** Records of the provider so far. */
  records(): number
}

/** provider – relay – far, after the first record went round. */
function told(): Told {
  const world = new RouterWorld()
  const [provider, relay, far] = [world.router('provider'), world.router('relay', 'relay'), world.router('far')]
  provider.registerService('ping', () => {}, { load: 60 })
  world.link(provider, relay)
  world.link(relay, far)
  world.run(1_000)
  const number = (): number => relay.origin(provider.address)?.selected?.seq48 ?? 0
  const first = number()
  return { world, provider, relay, load: () => far.services('ping')[0]?.load, records: () => number() - first }
}

describe('a load that moves', () => {
  it('ALN-15 a large move is told at once, and the next one after two seconds', () => {
    const { world, provider, load } = told()
    provider.setServiceLoad('ping', 92)
    world.run(200)
    expect(load()).toBe(92)
    provider.setServiceLoad('ping', 1)
    world.run(largeLoadEveryMs - 400)
    expect(load()).toBe(92)
    world.run(400)
    expect(load()).toBe(1)
  })

  it('ALN-15 small moves are told together within ten seconds, the last one counts', () => {
    const { world, provider, load, records } = told()
    for (let count = 0; count < 50; count++) {
      provider.setServiceLoad('ping', 61 + (count % 20))
      world.run(100)
      expect(load()).toBe(60)
    }
    world.run(smallLoadAfterMs - 5_000 + 200)
    expect(load()).toBe(70)
    expect(records()).toBe(1)
  })

  it('ALN-15 a load that came back before it was told is nothing to tell', () => {
    const { world, provider, load, records } = told()
    provider.setServiceLoad('ping', 70)
    world.run(smallLoadAfterMs / 2)
    provider.setServiceLoad('ping', 60)
    world.run(3 * smallLoadAfterMs)
    expect(records()).toBe(0)
    expect(load()).toBe(60)
  })

  it('ALN-15 a load that never rests costs a record in two seconds, and the last value is known ten seconds later', () => {
    const { world, provider, load, records } = told()
    for (let count = 0; count < 600; count++) {
      provider.setServiceLoad('ping', count % 2 === 0 ? 127 : 1)
      world.run(100)
    }
    expect(records()).toBeGreaterThan(10)
    expect(records()).toBeLessThanOrEqual(31)
    provider.setServiceLoad('ping', 50)
    world.run(smallLoadAfterMs + 200)
    expect(load()).toBe(50)
  })

  it('ALN-15 what is told anyway takes the loads with it', () => {
    const { world, provider, load, records } = told()
    provider.setServiceLoad('ping', 65)
    provider.registerService('pong', () => {})
    world.run(200)
    expect(load()).toBe(65)
    world.run(2 * smallLoadAfterMs)
    expect(records()).toBe(1)
  })

  it('ALN-15 at home it is known at once', () => {
    const { provider } = told()
    const changes: number[] = []
    provider.on('service', ({ load }) => void changes.push(load))
    provider.setServiceLoad('ping', 61)
    expect(changes).toEqual([61])
    expect(provider.services('ping')).toMatchObject([{ load: 61, unchangedMs: 0, knownMs: 1_000 }])
  })

  it('ALN-13 what was taken back while it was being signed is taken back, over signatures that take their time', async () => {
    const world = new RouterWorld({ cryptoMsMax: 120 })
    const [provider, far] = [world.router('provider'), world.router('far')]
    provider.registerService('stays', () => {})
    world.link(provider, far)
    await world.advance(5_000)
    for (let delayMs = 0; delayMs < 200; delayMs += 10) {
      provider.registerService('gone', () => {})
      await world.advance(delayMs)
      provider.unregisterService('gone')
      await world.advance(3_000)
      expect(far.services().map(({ service }) => service)).toEqual(['stays'])
    }
  })

  it('ALN-15 plain nodes behind a gateway cannot make it sign at every breath', () => {
    const { world, relay } = told()
    const far = world.router('asker')
    world.link(far, relay)
    const [plain, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    plain.start({ message: () => {}, drained: () => {}, closed: () => {} })
    relay.addChannel(listener)
    const say = (packet: Packet): void => void plain.send(frame(encodePacket(packet)))
    say({ netState: netStates.route, srcAddr: 'py-1', data: encodeRouteAdvert('py-1', 1) })
    say({ netState: netStates.service, srcAddr: 'py-1', data: encodeServiceAdvert('py-1', 'temperature', 3) })
    world.run(1_000)
    expect(far.services('temperature')).toMatchObject([{ address: 'py-1', load: 3 }])
    const number = (): number => far.origin(relay.address)?.selected?.seq48 ?? 0
    const before = number()
    for (let count = 0; count < 400; count++) {
      say({ netState: netStates.service, srcAddr: 'py-1', data: encodeServiceAdvert('py-1', 'temperature', 1 + (count % 100)) })
      world.run(50)
    }
    expect(number() - before).toBeLessThanOrEqual(11)
    world.run(smallLoadAfterMs)
    expect(far.services('temperature')).toMatchObject([{ address: 'py-1', load: 100 }])
  })
})
