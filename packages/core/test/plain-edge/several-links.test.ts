import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { PlainRouterModel } from '../../src/testing/plain-models/plain-router-model.ts'
import { plainStacks } from '../../src/testing/plain-models/plain-stack.ts'
import { netStates } from '../../src/wire/packet.ts'
import { RouterWorld, text } from '../routing/router-world.ts'
import { PlainPeer, pong, routeSaid } from './plain-peer.ts'

describe('plain nodes with several links, at once or one after the other', () => {
  it('ALN-05 who returns hears everything withdrawn first: its older link may live on in its tables', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const member = world.router('member')
    pong(member)
    world.link(member, relay)
    const before = new PlainPeer(world, relay)
    before.join('y')
    world.run(15_000)
    expect(before.routes()).not.toContain(`${member.address} 0`)
    before.close()
    const after = new PlainPeer(world, relay)
    after.join('y')
    world.run(3_000)
    const told = after.routes().filter((row) => row.startsWith(member.address))
    expect(told.slice(-2)).toEqual([`${member.address} 0`, `${member.address} 65`])
    expect(after.services().at(-1)).toBe(`${member.address} ping 1`)
    const first = after.heard.length
    world.run(25_000)
    expect(after.heard.slice(first).some(({ data, netState }) => netState === netStates.route && data?.at(-1) === 0)).toBe(false)
  })

  it('ALN-06 who lost its other gateway hears everything anew from the one that is left, at most once in 10 s', () => {
    const world = new RouterWorld()
    const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
    const member = world.router('member')
    world.link(one, two)
    world.link(member, two)
    const left = new PlainPeer(world, one)
    left.join('y')
    left.answersAs = 'y'
    const lost = [new PlainPeer(world, two)]
    lost[0]!.join('y')
    lost[0]!.answersAs = 'y'
    world.run(15_000)
    const withdrawals = (): number => left.routes().filter((row) => row === `${member.address} 0`).length
    expect(withdrawals()).toBe(0)
    for (let round = 0; round < 6; round += 1) {
      lost.at(-1)!.close()
      world.run(2_000)
      expect(
        left
          .routes()
          .filter((row) => row.startsWith(member.address))
          .at(-1),
      ).toBe(`${member.address} 66`)
      lost.push(new PlainPeer(world, two))
      lost.at(-1)!.join('y')
      lost.at(-1)!.answersAs = 'y'
      world.run(2_000)
    }
    expect(withdrawals()).toBeGreaterThan(1)
    expect(withdrawals()).toBeLessThanOrEqual(3)
  })

  it('ALN-05 who comes with routes of a gateway that has lost it hears them withdrawn, and told again as far as they are true', () => {
    const world = new RouterWorld()
    const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
    const member = world.router('member')
    for (const other of [two, member]) world.link(other, one)
    const come = (name: string): PlainPeer => {
      const peer = new PlainPeer(world, one)
      peer.answersAs = name
      peer.join(name)
      // Its tables: they say that it is next to the other gateway.
      peer.say(...[two.address, member.address, 'z', 'ü'].map((known, at) => routeSaid(name, known, at === 0 ? 2 : 66)))
      world.run(4_000)
      return peer
    }
    const about = (peer: PlainPeer, name: string): string[] => peer.routes().filter((row) => row.startsWith(`${name} `))
    // Also who has forgotten the gateway, but not what it told.
    const forlorn = new PlainPeer(world, one)
    forlorn.answersAs = 'forlorn'
    forlorn.join('forlorn')
    forlorn.say(routeSaid('forlorn', 'z', 66))
    world.run(4_000)
    expect(about(forlorn, 'z')).toEqual(['z 0'])
    expect(about(forlorn, member.address).slice(-2)).toEqual([`${member.address} 0`, `${member.address} 65`])
    forlorn.say(routeSaid('forlorn', 'z', 66))
    world.run(30_000)
    expect(about(forlorn, 'z')).toEqual(['z 0'])
    const lost = come('lost')
    expect(about(lost, two.address)).toEqual([`${two.address} 0`])
    expect(about(lost, member.address).slice(-2)).toEqual([`${member.address} 0`, `${member.address} 65`])
    expect(about(lost, 'z')).toEqual(['z 0'])
    expect(about(lost, 'ü')).toEqual([])
    // What comes back is there, and only out of reach for us.
    lost.say(routeSaid('lost', two.address, 2), routeSaid('lost', 'z', 66))
    world.run(100_000)
    expect(about(lost, 'z')).toEqual(['z 0'])
    // With a link to the other gateway all of it is true.
    const second = new PlainPeer(world, two)
    second.answersAs = 'kept'
    second.join('kept')
    const kept = come('kept')
    expect(about(kept, 'z')).toEqual([])
    expect(about(kept, two.address)).toEqual([])
  })

  it('ALN-05 what the lost gateway told and the other one cannot tell is withdrawn, too', () => {
    const world = new RouterWorld()
    const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
    const member = world.router('member')
    const between = world.link(one, two)
    world.link(member, two)
    const [left, lost] = [new PlainPeer(world, one), new PlainPeer(world, two)]
    for (const link of [left, lost]) {
      link.answersAs = 'y'
      link.join('y')
    }
    world.run(15_000)
    lost.close()
    between.dialer.close('cut')
    world.run(1_500)
    left.heard.length = 0
    // A stack that does not see how a stream breaks has both routes still, and says so when it is asked.
    left.say(routeSaid('y', two.address, 2), routeSaid('y', member.address, 66))
    world.run(15_000)
    expect(left.routes()).toContain(`${two.address} 0`)
    expect(left.routes()).toContain(`${member.address} 0`)
    left.heard.length = 0
    world.link(one, two)
    // Nobody knows what it was told meanwhile by the one that was out of reach.
    world.run(15_000)
    expect(left.routes().filter((row) => row.startsWith(member.address))).toEqual([
      `${member.address} 66`,
      `${member.address} 0`,
      `${member.address} 66`,
    ])
    left.heard.length = 0
    world.run(20_000)
    expect(left.routes()).not.toContain(`${member.address} 0`)
  })

  it.each(['the same gateway', 'another gateway'] as const)(
    'ALN-05 who has lost %s hears everything anew also through the neighbour that is left',
    (which) => {
      const world = new RouterWorld()
      const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
      const member = world.router('member')
      world.link(one, two)
      world.link(member, one)
      const between = new PlainPeer(world, one)
      between.answersAs = 'x'
      between.join('x')
      const lost = new PlainPeer(world, which === 'the same gateway' ? one : two)
      lost.answersAs = 'z'
      lost.join('z')
      between.say(routeSaid('x', 'z', 2))
      world.run(15_000)
      const withdrawn = (): number => between.routes().filter((row) => row === `${member.address} 0`).length
      expect(withdrawn()).toBe(0)
      lost.close()
      world.run(3_000)
      expect(withdrawn()).toBe(1)
      expect(between.routes().findLast((row) => row.startsWith(member.address))).toBe(`${member.address} 65`)
    },
  )

  it.each(['python', 'nodejs', 'go'] as const)(
    'ALN-25 two networks that only a %s router joins do not take its routes away from each other again and again',
    (stack) => {
      const world = new RouterWorld()
      const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
      const members = [world.router('left'), world.router('right')] as const
      world.link(members[0], one)
      world.link(members[1], two)
      const model = new PlainRouterModel('y', plainStacks[stack], world.clock)
      for (const gateway of [one, two]) {
        const [dialer, listener] = memoryChannelPair(world.clock, { latencyMs: 5, carries: 'stream' })
        gateway.addChannel(listener)
        model.addChannel(dialer)
      }
      world.run(30_000)
      const before = model.packets
      for (let at = 0; at < 600; at += 1) {
        world.run(1_000)
        expect(members.map(({ address }) => model.hasRoute(address))).toEqual([true, true])
      }
      // Each link has its refresh of two words each half minute, and what is passed on of it.
      expect(model.packets - before).toBeLessThan(200)
    },
  )

  it('ALN-05 of two links under one name the older one ends when it has nothing to say to a question', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const dead = new PlainPeer(world, relay)
    dead.join('y', 'temp')
    world.run(2_000)
    const alive = new PlainPeer(world, relay)
    alive.join('y', 'temp')
    world.run(4_000)
    expect(relay.links()).toHaveLength(2)
    world.run(2_000)
    expect(relay.links()).toHaveLength(1)
    expect(relay.services('temp')).toMatchObject([{ address: 'y', hops: 1 }])
    // A second link of a node that answers stays.
    const second = new PlainPeer(world, relay)
    second.join('y')
    world.run(1_000)
    alive.join('y')
    world.run(8_000)
    expect(relay.links()).toHaveLength(2)
  })

  it('ALN-05 who vanished untold and comes back at another gateway is reached there, and the old gateway lets it go', () => {
    const world = new RouterWorld()
    const [near, far] = [world.router('near', 'relay'), world.router('far', 'relay')]
    const member = world.router('member')
    world.link(near, far)
    world.link(member, near)
    const dead = new PlainPeer(world, near)
    dead.join('y', 'temp')
    world.run(60_000)
    const alive = new PlainPeer(world, far)
    alive.join('y', 'temp')
    const ask = (): void => void member.send({ destAddr: 'y', service: 'temp', contextID: 7 })
    world.run(1_000)
    // Until it is certain the nearer one counts, as for any node with two links.
    expect(member.destination('y')).toMatchObject({ gateway: near.address })
    world.run(6_000)
    expect(member.destination('y')).toMatchObject({ gateway: far.address })
    expect(near.links().some(({ peer }) => peer?.kind === 'plain')).toBe(false)
    ask()
    world.run(1_000)
    expect(alive.data()).toHaveLength(1)
    expect(member.services('temp')).toMatchObject([{ address: 'y' }])
  })

  it('ALN-05 … also when that way was not taken because the other gateway had one (L13)', () => {
    const world = new RouterWorld()
    const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
    const member = world.router('member')
    world.link(one, two)
    world.link(member, one)
    const [lost, between] = [new PlainPeer(world, two), new PlainPeer(world, one)]
    lost.answersAs = 'z'
    lost.join('z')
    between.answersAs = 'x'
    between.join('x')
    world.run(1_000)
    between.say(routeSaid('x', 'z', 2))
    world.run(15_000)
    expect(one.destination('z')).toMatchObject({ gateway: two.address })
    lost.close()
    world.run(3_000)
    expect(between.routes().filter((row) => row === `${member.address} 0`)).toHaveLength(1)
  })

  it('ALN-05 who comes to a plain neighbour only after its own link has ended hears everything anew through that one', () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    world.link(member, relay)
    const [between, lost] = [new PlainPeer(world, relay), new PlainPeer(world, relay)]
    between.join('x')
    lost.join('z')
    world.run(15_000)
    lost.close()
    world.run(1_000)
    between.say(routeSaid('x', 'z', 2))
    world.run(3_000)
    expect(
      between
        .routes()
        .filter((row) => row.startsWith(member.address))
        .slice(-2),
    ).toEqual([`${member.address} 0`, `${member.address} 65`])
  })

  describe('ALN-06 an edge node that only ever sends and moves without a word', () => {
    function scene() {
      const world = new RouterWorld()
      const [near, far] = [world.router('near', 'relay'), world.router('far', 'relay')]
      const member = world.router('member')
      world.link(near, far)
      world.link(member, near)
      member.registerService(
        'log',
        ({ srcAddr, contextID, data }) => void member.send({ destAddr: srcAddr, contextID, data: `heard ${text(data)}` }),
      )
      const speak = (peer: PlainPeer): void => peer.say({ srcAddr: 'sensor', service: 'log', contextID: 5, data: '21 °C' })
      const answers = (peer: PlainPeer): number => peer.data().filter(({ data }) => text(data) === 'heard 21 °C').length
      return { world, near, far, member, speak, answers }
    }

    it('is answered where it spoke last, and given up by the gateway that hears it no more', () => {
      const { world, near, far, member, speak, answers } = scene()
      const before = new PlainPeer(world, near)
      world.run(3_000)
      speak(before)
      world.run(2_000)
      expect(answers(before)).toBe(1)
      const after = new PlainPeer(world, far)
      world.run(3_000)
      for (let times = 1; times <= 6; times += 1) {
        speak(after)
        world.run(2_000)
        expect([answers(before), answers(after)]).toEqual([1, times])
      }
      expect(member.destination('sensor')).toMatchObject({ gateway: far.address })
      expect(near.destination('sensor')).toMatchObject({ gateway: far.address })
      expect(near.links()).toHaveLength(3)
      // And back.
      speak(before)
      world.run(20_000)
      expect(answers(before)).toBe(2)
      expect(far.destination('sensor')).toMatchObject({ gateway: near.address })
    })

    it('is reached on the newer of two links to one gateway', () => {
      const { world, near, speak, answers } = scene()
      const [before, after] = [new PlainPeer(world, near), new PlainPeer(world, near)]
      world.run(3_000)
      for (const peer of [before, after, before]) {
        speak(peer)
        world.run(1_000)
      }
      expect([answers(before), answers(after)]).toEqual([2, 1])
    })

    it('is not fought for: who speaks to two gateways is listed by both', () => {
      const { world, near, far, speak } = scene()
      const both = [new PlainPeer(world, near), new PlainPeer(world, far)]
      world.run(3_000)
      let changes = 0
      for (let second = 0; second < 60; second += 2) {
        for (const peer of both) speak(peer)
        world.run(2_000)
        if (second === 10) far.on('destination', ({ address }) => (changes += address === 'sensor' ? 1 : 0))
      }
      for (const router of [near, far]) expect(router.destination('sensor')).toMatchObject({ gateway: router.address })
      expect(changes).toBe(0)
    })
  })

  it('ALN-06 who has two gateways and answers keeps both, and is asked once', () => {
    const world = new RouterWorld()
    const [one, two] = [world.router('one', 'relay'), world.router('two', 'relay')]
    world.link(one, two)
    const links = [new PlainPeer(world, one), new PlainPeer(world, two)]
    for (const link of links) {
      link.answersAs = 'y'
      link.join('y')
    }
    world.run(60_000)
    const asked = (link: PlainPeer): number => link.heard.filter(({ netState, data }) => netState === netStates.query && !data).length
    expect(links.map(asked)).toEqual([expect.any(Number), expect.any(Number)])
    for (const link of links) expect(asked(link)).toBeLessThanOrEqual(5)
    for (const router of [one, two]) expect(router.links()).toHaveLength(2)
  })
})
