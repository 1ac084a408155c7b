import { describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import {
  datagramBytesMax,
  datagramsQueuedMax,
  messageBytesMax,
  messagesUnsettledMax,
  recordsUnderWayMax,
  sessionIdleMsMax,
  sessionsMax,
  streamsOpenMax,
} from '../../src/session/session-limits.ts'
import { decodeSessionPacket } from '../../src/session/session-packet.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { bytesOf, SessionWorld, textOf, type WorldNode } from './session-world.ts'

function texts(node: WorldNode): string[] {
  return node.messages.map(({ data }) => textOf(data))
}

async function pair(seed: number | string = 1, crypto?: Crypto): Promise<{ world: SessionWorld; ada: WorldNode; bob: WorldNode }> {
  const world = new SessionWorld({ seed, ...(crypto && { crypto }) })
  const [ada, bob] = [world.node('ada'), world.node('bob')]
  await world.settle(ada.sessions.to(bob.address).message(bytesOf('hello')))
  bob.messages.length = 0
  return { world, ada, bob }
}

describe('messages', () => {
  it('ALN-19 ALN-51 one is carried once the handshake is through, and the answer comes back on the same session', async () => {
    const { world, ada, bob } = await pair()
    await world.settle(bob.sessions.to(ada.address).message(bytesOf('and hello to you')))
    expect(ada.messages.map(({ from, data }) => [from, textOf(data)])).toEqual([[bob.address, 'and hello to you']])
    expect([...ada.faults, ...bob.faults]).toEqual([])
  })

  it('an empty one, and one of 16 MiB, arrive whole; a larger one is refused at once', async () => {
    const { world, ada, bob } = await pair()
    Object.assign(world.weather, { latencyMs: 5, loss: 0.01 })
    const large = new Uint8Array(messageBytesMax)
    for (let at = 0; at < large.length; at += 4_093) large[at] = at & 255
    const session = ada.sessions.to(bob.address)
    await world.settle(Promise.all([session.message(large), session.message(new Uint8Array(0))]), 120_000)
    expect(bob.messages.map(({ data }) => data.length)).toEqual([0, messageBytesMax])
    expect(Buffer.compare(bob.messages[1]!.data, large)).toBe(0)
    await expect(session.message(new Uint8Array(messageBytesMax + 1))).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  it('many large ones at once all get through, also between several peers', async () => {
    const world = new SessionWorld({ seed: 'large' })
    Object.assign(world.weather, { latencyMs: 3 })
    const nodes = Array.from({ length: 6 }, (_, index) => world.node(`node ${index}`))
    const hub = nodes[0]!
    const sent = nodes
      .slice(1)
      .flatMap((node) => Array.from({ length: 5 }, () => node.sessions.to(hub.address).message(new Uint8Array(700_000))))
    await world.settle(Promise.all(sent), 120_000)
    expect(hub.messages.map(({ data }) => data.length)).toEqual(new Array(25).fill(700_000))
  })

  it('what the caller changes afterwards does not change what was said', async () => {
    const { world, ada, bob } = await pair()
    const data = bytesOf('before')
    const delivered = ada.sessions.to(bob.address).message(data)
    data.fill(0)
    await world.settle(delivered)
    expect(texts(bob)).toEqual(['before'])
  })

  it('those that nobody takes are bounded: QUEUE_FULL', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    world.kill(bob)
    const session = ada.sessions.to(bob.address)
    const outcomes: string[] = []
    for (let index = 0; index <= messagesUnsettledMax; index += 1) {
      session.message(new Uint8Array(1)).catch((error: MeshError) => outcomes.push(error.code))
    }
    await world.advance(0)
    expect(outcomes).toEqual(['QUEUE_FULL'])
    await world.advance(60_000)
    expect(new Set(outcomes)).toEqual(new Set(['QUEUE_FULL', 'TIMEOUT']))
    expect(outcomes).toHaveLength(messagesUnsettledMax + 1)
    expect(ada.sessions.size).toBe(0)
  })

  it.each([3, 25, 200])('on an idle session take one round trip, also one behind the other (%i ms one way)', async (latencyMs) => {
    const world = new SessionWorld()
    world.weather.latencyMs = latencyMs
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const session = ada.sessions.to(bob.address)
    await world.settle(session.message(bytesOf('hello')))
    for (let count = 0; count < 12; count += 1) {
      await world.advance(count < 6 ? 1_000 : 0)
      const startedAt = world.clock.now()
      await world.settle(session.message(bytesOf('one line')))
      expect(world.clock.now() - startedAt).toBeLessThan(2 * latencyMs + 1)
    }
  })

  it('in a burst are not acknowledged one by one', async () => {
    const { world, ada, bob } = await pair()
    const session = ada.sessions.to(bob.address)
    await world.settle(session.message(bytesOf('hello')))
    let records = 0
    let acks = 0
    world.tap = (crossing) => {
      if (crossing.from === ada.address) records += 1
      else acks += 1
      return crossing.data
    }
    await world.settle(Promise.all(Array.from({ length: 40 }, () => session.message(new Uint8Array(16_000)))))
    expect(records).toBeGreaterThanOrEqual(40)
    expect(acks).toBeLessThanOrEqual(records / 2 + 6)
  })

  it('an urgent one is not stuck behind a file, and the file is not stuck behind many of them', async () => {
    const { world, ada, bob } = await pair()
    // 1 MB/s: the file takes a quarter of a minute.
    Object.assign(world.weather, { bytesPerMs: 1_000 })
    const session = ada.sessions.to(bob.address)
    const file = session.openStream('bulk')
    for (let count = 0; count < 60; count += 1) void file.write(new Uint8Array(262_144))
    const done = file.end()
    await world.advance(2_000)
    const waits: number[] = []
    for (let count = 0; count < 20; count += 1) {
      const startedAt = world.clock.now()
      await Promise.all([world.settle(session.message(bytesOf('a line'), 'urgent')), drain(bob)])
      waits.push(world.clock.now() - startedAt)
    }
    expect(waits.reduce((sum, wait) => sum + wait) / waits.length).toBeLessThan(450)
    expect(Math.max(...waits)).toBeLessThan(1_000)
    await settleWhile(world, done, () => void drain(bob))
    expect(file.ackedBytes).toBe(60 * 262_144)
  })
})

describe('streams', () => {
  it('carry bytes both ways in order, and each direction ends by itself', async () => {
    const { world, ada, bob } = await pair()
    const out = ada.sessions.to(bob.address).openStream()
    void out.write(bytesOf('upper '))
    void out.write(bytesOf('case'))
    const ended = out.end()
    await world.advance(100)
    const into = bob.streams[0]!
    expect([await into.read(), await world.settle(into.read())].map((bytes) => bytes && textOf(bytes))).toEqual(['upper case', undefined])
    await world.settle(ended)
    const answered = into.write(bytesOf('UPPER CASE')).then(() => into.end())
    expect(textOf(await world.settle(out.read()))).toBe('UPPER CASE')
    expect(await world.settle(out.read())).toBeUndefined()
    await world.settle(answered)
    await expect(out.write(bytesOf('more'))).rejects.toMatchObject({ code: 'CLOSED' })
    expect([ada.sessions.get(bob.address)?.isIdle, bob.sessions.get(ada.address)?.isIdle]).toEqual([true, true])
  })

  it('a writer waits for a reader: never more than the window and the buffer', async () => {
    const { world, ada, bob } = await pair()
    const out = ada.sessions.to(bob.address).openStream()
    let written = 0
    const writing = (async () => {
      for (let count = 0; count < 200; count += 1) {
        await out.write(new Uint8Array(100_000))
        written += 100_000
      }
      await out.end()
    })()
    await world.advance(30_000)
    expect(bob.streams[0]!.readableBytes).toBe(262_144)
    expect(written).toBeLessThan(4_800_000)
    await settleWhile(world, writing, () => void drain(bob))
    expect(out.ackedBytes).toBe(20_000_000)
  })

  it('that nobody reads do not stop the one that somebody reads, while they leave it any credit', async () => {
    const { world, ada, bob } = await pair()
    const session = ada.sessions.to(bob.address)
    for (let index = 0; index < 14; index += 1) void session.openStream().write(new Uint8Array(300_000))
    await world.advance(2_000)
    expect(bob.streams.map(({ readableBytes }) => readableBytes)).toEqual(new Array(14).fill(262_144))
    const size = 3_000_000
    const read = session.openStream('bulk')
    const done = read.write(new Uint8Array(size)).then(() => read.end())
    await settleWhile(world, done, () => {
      while (bob.streams[14]?.take() !== undefined);
    })
    expect(read.ackedBytes).toBe(size)
  })

  it('of long life leave room for messages of every class', async () => {
    const { world, ada, bob } = await pair()
    const session = ada.sessions.to(bob.address)
    for (let index = 0; index < 300; index += 1) void session.openStream().write(bytesOf('x'))
    const sent = Array.from({ length: 1_000 }, (_, index) => session.message(bytesOf(String(index)), 'bulk'))
    await world.settle(Promise.all(sent))
    expect(bob.messages).toHaveLength(1_000)
  })

  it('a reset is heard at the other end, and so is a stop', async () => {
    const { world, ada, bob } = await pair()
    const session = ada.sessions.to(bob.address)
    const [first, second] = [session.openStream(), session.openStream()]
    await Promise.all([first.write(bytesOf('some')), second.write(bytesOf('some'))])
    await world.advance(100)
    const [one, two] = [bob.streams[0]!, bob.streams[1]!]
    expect(textOf(await one.read())).toBe('some')
    first.reset()
    two.stop()
    await world.advance(200)
    await expect(one.read()).rejects.toMatchObject({ code: 'STREAM_RESET' })
    await expect(second.write(bytesOf('x'))).rejects.toMatchObject({ code: 'STREAM_RESET' })
    await expect(first.end()).rejects.toMatchObject({ code: 'STREAM_RESET' })
    // The other directions still work.
    await world.settle(one.write(bytesOf('back')).then(() => one.end()))
    expect(textOf(await first.read())).toBe('back')
    for (const stream of [two]) await world.settle(stream.end())
    await world.advance(1_000)
    second.stop()
    await world.advance(1_000)
    expect([ada.ended, bob.ended]).toEqual([[], []])
  })

  it('a restarted peer breaks them off, with what it had for certain', async () => {
    const { world, ada, bob } = await pair()
    const out = ada.sessions.to(bob.address).openStream()
    await out.write(new Uint8Array(1_000))
    await world.advance(200)
    world.kill(bob)
    world.node('bob', { again: bob, epoch: 1_800_000_000 })
    await out.write(new Uint8Array(1_000))
    await expect(world.settle(out.end())).rejects.toMatchObject({ code: 'STREAM_RESET', message: expect.stringContaining('1000 bytes') })
    await expect(out.read()).rejects.toMatchObject({ code: 'STREAM_RESET' })
  })

  it('are bounded in number, and free again when they end', async () => {
    const { world, ada, bob } = await pair()
    const session = ada.sessions.to(bob.address)
    const open = Array.from({ length: streamsOpenMax - 1 }, () => session.openStream())
    expect(() => session.openStream()).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
    const ended = Promise.all(open.map((stream) => stream.end()))
    await world.settle(ended)
    await world.settle(Promise.all(bob.streams.map((stream) => stream.end())))
    await world.advance(1_000)
    expect(bob.streams).toHaveLength(streamsOpenMax - 1)
    expect(() => session.openStream()).not.toThrow()
  })

  it('what is written before the handshake is through waits for it', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const out = ada.sessions.to(bob.address).openStream()
    await out.write(bytesOf('early'))
    await world.settle(out.end())
    expect(textOf(await bob.streams[0]!.read())).toBe('early')
  })
})

describe('datagrams', () => {
  it('arrive at most once and are never repeated', async () => {
    const { world, ada, bob } = await pair()
    Object.assign(world.weather, { loss: 0.3, doubled: 0.3 })
    for (let index = 0; index < 500; index += 1) {
      expect(ada.sessions.to(bob.address).datagram(bytesOf(String(index)))).toBeUndefined()
      await world.advance(20)
    }
    await world.advance(20_000)
    const got = bob.datagrams.map(textOf)
    expect(new Set(got).size).toBe(got.length)
    expect(got.length).toBeGreaterThan(350)
    expect(got.length).toBeLessThan(500)
  })

  it('of the largest size fit, larger ones are refused, and too many drop the oldest', async () => {
    const { world, ada, bob } = await pair()
    const session = ada.sessions.to(bob.address)
    expect(session.datagram(new Uint8Array(datagramBytesMax))).toBeUndefined()
    expect(session.datagram(new Uint8Array(datagramBytesMax + 1))).toMatchObject({ code: 'TOO_LARGE' })
    await world.advance(100)
    expect(bob.datagrams.map(({ length }) => length)).toEqual([datagramBytesMax])
    for (let index = 0; index < datagramsQueuedMax + 10; index += 1) session.datagram(bytesOf(String(index)))
    await world.advance(100)
    expect(bob.datagrams.slice(1).map(textOf)[0]).toBe('10')
    expect(bob.datagrams).toHaveLength(1 + datagramsQueuedMax)
  })
})

describe('the life of a session', () => {
  it('ALN-19 survives a route that changes from 2 ms to 600 ms and back, without a message lost or doubled', async () => {
    const { world, ada, bob } = await pair('routes')
    const sent: Promise<void>[] = []
    for (let index = 0; index < 400; index += 1) {
      if (index % 40 === 0) {
        world.weather.latencyMs = index % 80 === 0 ? 600 : 2
        ada.sessions.routeChanged(bob.address)
        bob.sessions.routeChanged(ada.address)
      }
      sent.push(ada.sessions.to(bob.address).message(bytesOf(String(index))))
      await world.advance(30)
    }
    await world.settle(Promise.all(sent))
    expect(new Set(texts(bob)).size).toBe(400)
    expect(bob.messages).toHaveLength(400)
    expect(ada.ended).toEqual([])
  })

  it('a cut of 20 s ends nothing, and news of a route makes it go on at once', async () => {
    const { world, ada, bob } = await pair()
    world.tap = () => undefined
    const delivered = ada.sessions.to(bob.address).message(bytesOf('through'))
    await world.advance(20_000)
    world.tap = ({ data }) => data
    ada.sessions.routeChanged(bob.address)
    await world.advance(100)
    await delivered
    expect(texts(bob)).toEqual(['through'])
  })

  it.each([
    ['at once', {}],
    ['later, several at a time', { cryptoMsMax: 4 }],
  ])(
    'SE12 changes keys at each border of a generation, under loss, and nothing is lost, with a port that answers %s',
    async (_, crypto) => {
      const world = new SessionWorld({ seed: 'generations', ...crypto })
      const options = { sessions: { generationShift: 7 } }
      const [ada, bob] = [world.node('ada', options), world.node('bob', options)]
      Object.assign(world.weather, { loss: 0.1, doubled: 0.1, jitterMs: 10 })
      let highest = 0
      world.tap = ({ data }) => {
        const packet = decodeSessionPacket(data)
        if (!isWireFault(packet) && packet.kind === 'record') highest = Math.max(highest, packet.number)
        return data
      }
      for (let index = 0; index < 1_500; index += 1) {
        void ada.sessions.to(bob.address).message(bytesOf(String(index)))
        if (index % 2 === 0) await world.advance(25)
      }
      await world.advance(60_000)
      expect(highest).toBeGreaterThan(128 * 5)
      expect(new Set(texts(bob)).size).toBe(1_500)
      expect(bob.messages).toHaveLength(1_500)
      expect([ada.ended, bob.ended]).toEqual([[], []])
    },
  )

  it('what is urgent goes before whatever the crypto port has no room for yet', async () => {
    const plain = toyCrypto(new SeededDice('urgent'))
    const sealing: string[] = []
    const waiting: (() => void)[] = []
    let isSlow = false
    const seal: typeof plain.seal = (key, nonce, associated, bytes) => {
      const sealed = plain.seal(key, nonce, associated, bytes)
      if (!isSlow) return sealed
      sealing.push(textOf(bytes).includes('urgent') ? 'urgent' : 'bulk')
      return new Promise((resolve) => waiting.push(() => resolve(sealed)))
    }
    const { world, ada, bob } = await pair('urgent', { ...plain, seal })
    const session = ada.sessions.to(bob.address)
    isSlow = true
    session
      .openStream('bulk')
      .write(new Uint8Array(1_000_000))
      .catch(() => {})
    await world.advance(1)
    void session.message(bytesOf('urgent'), 'urgent')
    await world.advance(1)
    expect(sealing).toEqual(Array.from({ length: recordsUnderWayMax }, () => 'bulk'))
    waiting.shift()?.()
    await world.advance(1)
    expect(sealing[recordsUnderWayMax]).toBe('urgent')
  })

  it('ends on both sides when one closes it, and begins anew with the next word', async () => {
    const { world, ada, bob } = await pair()
    ada.sessions.get(bob.address)!.close()
    await world.advance(100)
    expect([ada.sessions.size, bob.sessions.size, ada.ended, bob.ended]).toEqual([0, 0, ['CLOSED'], ['CLOSED']])
    await world.settle(bob.sessions.to(ada.address).message(bytesOf('again')))
    expect(texts(ada)).toEqual(['again'])
  })

  it('is forgotten after ten minutes without a word, and asks for no time while it is silent', async () => {
    const { world, ada, bob } = await pair()
    await world.advance(sessionIdleMsMax / 2)
    expect(ada.sessions.size).toBe(1)
    await world.advance(sessionIdleMsMax)
    expect([ada.sessions.size, bob.sessions.size]).toEqual([0, 0])
    expect(world.clock.waiting).toBe(0)
  })

  it('there are at most so many: the one that was silent for longest makes room, and one that is in use does not', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const others = Array.from({ length: sessionsMax + 1 }, (_, index) => world.node(`other ${index}`))
    await world.settle(ada.sessions.to(others[0]!.address).openStream().write(bytesOf('in use')))
    for (const other of others.slice(1, sessionsMax)) {
      await world.settle(ada.sessions.to(other.address).message(bytesOf('hello')))
    }
    await world.advance(1_000)
    expect(ada.sessions.size).toBe(sessionsMax)
    await world.settle(ada.sessions.to(others[sessionsMax]!.address).message(bytesOf('hello')))
    expect(ada.sessions.size).toBe(sessionsMax)
    expect(ada.sessions.get(others[0]!.address)).toBeDefined()
    expect(ada.sessions.get(others[1]!.address)).toBeUndefined()
    expect(ada.ended).toEqual(['BUSY'])
  })

  it('close() settles everything with CLOSED, tells the peers, and leaves no timer', async () => {
    const world = new SessionWorld()
    const [ada, bob, eve] = [world.node('ada'), world.node('bob'), world.node('eve')]
    await world.settle(ada.sessions.to(bob.address).message(bytesOf('hello')))
    world.kill(eve)
    const waiting = ada.sessions.to(eve.address).message(bytesOf('never'))
    const stream = ada.sessions.to(bob.address).openStream()
    const read = stream.read()
    ada.sessions.close()
    await expect(world.settle(waiting)).rejects.toMatchObject({ code: 'CLOSED' })
    await expect(world.settle(read)).rejects.toMatchObject({ code: 'STREAM_RESET' })
    expect(() => ada.sessions.to(bob.address)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await world.advance(1_000)
    expect(bob.sessions.size).toBe(0)
    bob.sessions.close()
    await world.advance(1_000)
    expect(world.clock.waiting).toBe(0)
  })

  it('a handler that throws disturbs nothing', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    let calls = 0
    const fail = (): void => {
      calls += 1
      throw new Error('a mistake of the app')
    }
    const bob = world.node('bob', { sessions: { message: fail, datagram: fail, stream: fail } })
    const session = ada.sessions.to(bob.address)
    session.datagram(bytesOf('x'))
    void session.openStream().write(bytesOf('x'))
    await world.settle(Promise.all([session.message(bytesOf('x')), session.message(bytesOf('y'))]))
    expect(calls).toBe(4)
    expect([ada.ended, bob.ended]).toEqual([[], []])
  })
})

async function drain(node: WorldNode): Promise<void> {
  for (const stream of node.streams) while (stream.take() !== undefined);
}

/** Settles while somebody reads. */
async function settleWhile(world: SessionWorld, promise: Promise<unknown>, step: () => void): Promise<void> {
  const state = { settled: false }
  const settle = (): void => {
    state.settled = true
  }
  promise.then(settle, settle)
  for (let count = 0; !state.settled && count < 20_000; count += 1) {
    step()
    await world.advance(10)
  }
  await promise
}
