import { describe, expect, it } from 'vitest'
import type { Link } from '../../src/link/link.ts'
import { RouterWorld } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

/** Everything that asks for newer numbers anywhere, by the address that it is about. */
function watchRequests(routers: readonly TestRouter[]): string[] {
  const requests: string[] = []
  for (const link of routers.flatMap((router) => router.links())) {
    const send = link.sendControl.bind(link)
    link.sendControl = (message) => {
      if (message.type === 'request') requests.push(message.destination)
      send(message)
    }
  }
  return requests
}

function grid(world: RouterWorld, width = 3): TestRouter[] {
  const routers = Array.from({ length: width * width }, (_, at) => world.router(`n${at}`))
  for (let at = 0; at < width * width; at++) {
    if (at % width < width - 1) world.link(routers[at]!, routers[at + 1]!)
    if (at + width < width * width) world.link(routers[at]!, routers[at + width]!)
  }
  world.run(10_000)
  return routers
}

function linkTo(router: TestRouter, to: TestRouter): Link {
  return router.links().find(({ peer }) => peer?.address === to.address)!
}

describe('ALN-26 leaving with grace', () => {
  it('R11 who closes is gone everywhere at once, with its services, and nobody asks a single question', async () => {
    const world = new RouterWorld()
    const routers = grid(world)
    const [gone, ...others] = [routers[4]!, ...routers.filter((_, at) => at !== 4)]
    gone.registerService('echo', () => {})
    world.run(10_000)
    const requests = watchRequests(others)
    void gone.close()
    world.run(100)
    for (const router of others) expect(router.destination(gone.address)).toBeUndefined()
    for (const router of others) expect(router.services('echo')).toEqual([])
    world.run(60_000)
    expect(requests.filter((address) => address === gone.address)).toEqual([])
    for (const router of others) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })

  it('R11 the same name comes back under a greater number, also with its clock set back and also without a new life', () => {
    const world = new RouterWorld()
    const [a, relay, far] = [world.router('a'), world.router('relay', 'relay'), world.router('far')]
    world.link(a, relay)
    world.link(far, relay)
    world.run(1_000)
    a.leave()
    linkTo(a, relay).close('the page was left')
    world.run(1_000)
    expect(far.destination(a.address)).toBeUndefined()
    world.link(a, relay)
    world.run(2_000)
    expect(far.destination(a.address)).toMatchObject({ hops: 2 })
    expect(a.faults.get('IDENTITY_IN_USE')).toBeUndefined()
    void a.close()
    world.run(1_000)
    expect(far.destination(a.address)).toBeUndefined()
    const again = world.router('a', 'member', { again: a, epoch: 1_600_000_000 })
    world.link(again, relay)
    world.run(2_000)
    expect(far.destination(a.address)).toMatchObject({ hops: 2 })
  })

  it('R11 SE5 nobody can make somebody else leave, and what was said at an earlier leave has no power later', () => {
    const world = new RouterWorld()
    const [a, liar, relay, far] = [world.router('a'), world.router('liar'), world.router('relay', 'relay'), world.router('far')]
    const first = world.link(a, relay)
    world.link(far, relay)
    const { dialer } = world.link(liar, relay)
    world.run(1_000)
    let said: Uint8Array | undefined
    const send = first.dialer.sendLeave.bind(first.dialer)
    first.dialer.sendLeave = (record) => {
      said = record
      send(record)
    }
    a.leave()
    first.dialer.close('the page was left')
    world.run(1_000)
    const again = world.router('a', 'member', { again: a, epoch: 1_800_000_000 })
    world.link(again, relay)
    world.run(1_000)
    dialer.sendLeave(said!)
    dialer.sendControl({ type: 'records', records: [said!] })
    world.run(1_000)
    expect(relay.faults.get('SPOOFED')).toBe(1)
    expect(far.destination(a.address)).toMatchObject({ hops: 2 })
    dialer.sendControl({ type: 'records', records: [said!.map((byte, at) => (at === 40 ? byte ^ 1 : byte))] })
    world.run(1_000)
    expect(far.destination(a.address)).toMatchObject({ hops: 2 })
  })

  it('R11 a named node that closes leaves too, and of two of one name in a network that grows together neither outbids the other', () => {
    const world = new RouterWorld()
    const [west, east] = [world.router('west', 'relay'), world.router('east', 'relay')]
    const [one, two] = [world.router('thing', 'named'), world.router('thing', 'named', { epoch: 1_800_000_000 })]
    world.link(one, west)
    world.link(two, east)
    world.run(1_000)
    world.link(west, east)
    world.run(60_000)
    expect(west.destination('thing')).toMatchObject({ direct: true })
    expect(east.destination('thing')).toMatchObject({ direct: true })
    const faults = [west, east, one, two].map(({ faults: counts }) => counts.get('IDENTITY_IN_USE') ?? 0)
    expect(Math.max(...faults)).toBeGreaterThan(0)
    const numbers = [one, two].map((router) => (router === one ? west : east).origin('thing')!.selected!.seq48)
    expect(numbers.map((seq48) => Math.floor(seq48 / 65_536))).toEqual([1_700_000_000, 1_800_000_000])
    void one.close()
    world.run(500)
    expect(west.destination('thing')?.direct).not.toBe(true)
  })

  it('R12 a link that is closed with grace carries packets until another way is there', async () => {
    for (const latencyMs of [10, 60]) {
      const world = new RouterWorld()
      const [a, b, c, d, far] = ['a', 'b', 'c', 'd', 'far'].map((name) => world.router(name)) as [
        TestRouter,
        TestRouter,
        TestRouter,
        TestRouter,
        TestRouter,
      ]
      world.link(far, a)
      world.link(a, b)
      world.link(a, c, { latencyMs })
      world.link(c, d, { latencyMs })
      world.link(d, b, { latencyMs })
      world.run(10_000)
      let heard = 0
      b.registerService('count', () => void heard++)
      world.run(1_000)
      const retired = linkTo(a, b)
      a.retire(retired, 'replaced')
      for (let sent = 0; sent < 200; sent++) {
        expect(far.send({ service: 'count', destAddr: b.address })).toBeUndefined()
        world.run(5)
      }
      expect(retired.phase).toBe('closed')
      world.run(1_000)
      expect(heard).toBe(200)
      expect(far.destination(b.address)).toMatchObject({ hops: 4 })
    }
  })
})
