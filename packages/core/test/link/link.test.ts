import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { controlBehindBytesMax } from '../../src/link/link-egress.ts'
import { greetingTimeoutMs, plainAfterMs } from '../../src/link/greeting-life.ts'
import { isGreeting, drawGreeting } from '../../src/link/greeting.ts'
import { frame } from '../../src/wire/kiss.ts'
import { decodeLinkFrame, encodeHello, frameKinds } from '../../src/wire/link-frame.ts'
import { netStates } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { RouterWorld } from '../routing/router-world.ts'

/** The far end of a channel in the test's own hands. */
function scripted(channel: Channel): { frames: Uint8Array[]; closed: string[] } {
  const heard = { frames: [] as Uint8Array[], closed: [] as string[] }
  channel.start({
    message: (bytes) => void heard.frames.push(bytes),
    drained: () => {},
    closed: ({ code }) => void heard.closed.push(code),
  })
  return heard
}

function kinds(frames: readonly Uint8Array[]): number[] {
  return frames.map((bytes) => {
    const decoded = decodeLinkFrame(bytes)
    return isWireFault(decoded) ? -1 : decoded.kind
  })
}

const noNetwork = { network: 'default', keyHash: new Uint8Array(16) }

describe('a link', () => {
  it('a greeting that stops half-way ends with GREETING_TIMEOUT and disturbs nobody', async () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    world.link(member, relay)
    for (const stop of ['at once', 'after hello'] as const) {
      const [dialer, listener] = memoryChannelPair(world.clock)
      const heard = scripted(dialer)
      const link = relay.addChannel(listener)
      if (stop === 'after hello') dialer.send(encodeHello({ versions: [1], ...noNetwork, noise: new Uint8Array(32).fill(9) }))
      world.run(greetingTimeoutMs + 100)
      await expect(link.up).rejects.toMatchObject({ code: 'GREETING_TIMEOUT' })
      expect(heard.closed).toHaveLength(1)
      expect(relay.links()).toHaveLength(1)
    }
    expect(relay.destination(member.address)).toBeDefined()
  })

  it('noise instead of a hello is refused at once, with a code that both sides can read', async () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    for (const noise of [[7, 1, 2, 3], [1], [1, 255, 255], [3, 0], [6, 5, 0], [1, 1, 1, 200]]) {
      const [dialer, listener] = memoryChannelPair(world.clock)
      const heard = scripted(dialer)
      const link = relay.addChannel(listener)
      dialer.send(Uint8Array.from(noise))
      world.run(200)
      await expect(link.up).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
      expect(kinds(heard.frames)).toEqual([frameKinds.refusal])
      expect(heard.closed).toHaveLength(1)
    }
  })

  it('PY-04 PY-31 no common version is VERSION_MISMATCH, another network NETWORK_MISMATCH', async () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const noise = new Uint8Array(32).fill(9)
    const hellos = {
      VERSION_MISMATCH: { versions: [77], ...noNetwork, noise },
      NETWORK_MISMATCH: { versions: [1], network: 'other', keyHash: new Uint8Array(16), noise },
    }
    for (const [code, hello] of Object.entries(hellos)) {
      const [dialer, listener] = memoryChannelPair(world.clock)
      const heard = scripted(dialer)
      const link = relay.addChannel(listener)
      dialer.send(encodeHello(hello))
      world.run(200)
      await expect(link.up).rejects.toMatchObject({ code })
      expect(new TextDecoder().decode(heard.frames[0])).toContain(code)
    }
  })

  it('whoever is not the one that was asked for is refused (SE4)', async () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    const [dialer, listener] = memoryChannelPair(world.clock)
    const link = a.addChannel(dialer, { expect: c.address })
    b.addChannel(listener)
    world.run(200)
    await expect(link.up).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    expect(a.routes()).toEqual([])
  })

  it('two ends of different pipes do not agree: a man in the middle of a data channel is noticed (SE13)', async () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const [dialer, listener] = memoryChannelPair(world.clock)
    const bound = (channel: Channel, binding: number[]): Channel =>
      Object.defineProperty(channel, 'binding', { value: Uint8Array.from(binding) })
    const link = a.addChannel(bound(dialer, [1, 2, 3]))
    b.addChannel(bound(listener, [1, 2, 4]))
    world.run(200)
    await expect(link.up).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
  })

  it('a plain node is not the one that was asked for either (SE4)', async () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    scripted(listener)
    const link = a.addChannel(dialer, { expect: b.address })
    world.run(greetingTimeoutMs)
    await expect(link.up).rejects.toMatchObject({ code: 'HANDSHAKE_FAILED' })
    expect(a.links()).toEqual([])
  })

  it('a plain node that shows a greeting and then says nothing is given up in time (GR4)', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    const heard = scripted(dialer)
    const link = relay.addChannel(listener)
    world.run(plainAfterMs + 100)
    expect(link.phase).toBe('plain')
    dialer.send(frame(encodePacket({ netState: netStates.query, data: drawGreeting(world.dice) })))
    world.run(greetingTimeoutMs + 100)
    expect(link.phase).toBe('closed')
    expect(heard.closed).toHaveLength(1)
    expect(relay.links()).toEqual([])
  })

  it('what stands behind the refused packet in the same chunk wakes nothing up', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay', { plainNodes: 'refuse' })
    const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    scripted(dialer)
    const link = relay.addChannel(listener)
    const packets = [
      { netState: netStates.route, srcAddr: 'x', data: 'x' },
      { netState: netStates.query, data: drawGreeting(world.dice) },
    ]
    dialer.send(Uint8Array.from(packets.flatMap((packet) => [...frame(encodePacket(packet))])))
    world.run(1)
    expect(link.phase).toBe('closed')
  })

  it('a channel that comes after the end is closed, and its link settles', async () => {
    const world = new RouterWorld()
    const a = world.router('a')
    await a.close()
    const [dialer, listener] = memoryChannelPair(world.clock)
    const heard = scripted(listener)
    const link = a.addChannel(dialer)
    await expect(link.up).rejects.toMatchObject({ code: 'LINK_FAILED' })
    await expect(link.down).resolves.toBe('the router is closed')
    world.run(1)
    expect(heard.closed).toEqual(['remote'])
  })

  it('who asks for the same record again and again and reads nothing is cut off', () => {
    const world = new RouterWorld()
    const [greedy, relay] = [world.router('greedy'), world.router('relay', 'relay')]
    for (let index = 0; index < 32; index++) relay.registerService('x'.repeat(97) + String(index).padStart(3, '0'), () => {})
    const { dialer, listener } = world.link(greedy, relay)
    world.run(500)
    let kept = 0
    listener.channel.send = (bytes) => {
      kept += bytes.length
      return false
    }
    Object.defineProperty(listener.channel, 'bufferedBytes', { get: () => kept })
    const wanted = Array.from({ length: 1_000 }, () => ({ address: relay.address, seq48: 1 }))
    for (let turn = 0; turn < 20_000 && listener.phase === 'joined'; turn++) {
      dialer.sendControl({ type: 'pull', wanted })
      world.run(11)
    }
    expect(listener.phase).toBe('closed')
    expect(kept).toBeLessThan(controlBehindBytesMax + 100_000)
  })

  it('one altered control frame ends that link and no other', () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    const { listener } = world.link(a, b)
    world.link(c, b)
    world.run(500)
    const { channel } = listener
    const send = channel.send.bind(channel)
    channel.send = (bytes) => {
      if (bytes[0] === frameKinds.control) bytes[bytes.length - 1]! ^= 1
      return send(bytes)
    }
    b.registerService('news', () => {})
    world.run(500)
    expect(a.routes()).toEqual([])
    expect(c.services('news')).toHaveLength(1)
  })

  it('unknown frame kinds are counted and skipped, so that tomorrow can talk to today', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(200)
    dialer.channel.send(Uint8Array.from([99, 1, 2, 3]))
    world.run(200)
    expect(b.faults.get('unknown-kind')).toBe(1)
    expect(b.destination(a.address)).toBeDefined()
  })

  it('a stream that never makes sense, a 2 GB length and half a packet are faults, and the node goes on', () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    world.link(member, relay)
    const attacks = [
      new Uint8Array(200_000).fill(0x55),
      Uint8Array.from([0x34, 0x00, 0x10, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xc0, 0xc0]),
      Uint8Array.from([0xf3, 0x8a, 0x04, 0x70, 0x69]),
    ]
    for (const bytes of attacks) {
      const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
      scripted(dialer)
      relay.addChannel(listener)
      dialer.send(bytes)
      world.run(100)
      dialer.close()
      world.run(100)
    }
    expect(relay.links()).toHaveLength(1)
    expect(relay.destination(member.address)).toBeDefined()
    expect([...relay.faults.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0)
  })

  it('a neighbour that sends nothing but noise is let go', async () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'text' })
    const heard = scripted(dialer)
    const link = relay.addChannel(listener)
    for (let i = 0; i < 64; i++) dialer.send(new TextEncoder().encode('noise'))
    world.run(200)
    expect(link.phase).toBe('closed')
    expect(heard.closed).toHaveLength(1)
    await expect(link.up).rejects.toMatchObject({ code: 'WIRE_FAULT' })
  })

  it('greetings are short, fresh, and nothing else is taken for one', () => {
    const { dice } = new RouterWorld()
    const greeting = drawGreeting(dice)
    expect(greeting).toMatch(/^M1;1;[A-Za-z0-9_-]{22}$/)
    expect(drawGreeting(dice)).not.toBe(greeting)
    expect(isGreeting(greeting)).toBe(true)
    expect(isGreeting(`${greeting};x=1`)).toBe(true)
    for (const other of ['', 'M1;', 'M1;1;short', `M2;${greeting.slice(3)}`, `${greeting}\n`]) expect(isGreeting(other)).toBe(false)
  })
})
