import { describe, expect, it } from 'vitest'
import { Operations } from '../../src/async/operations.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SessionStream } from '../../src/session/session-stream.ts'
import { streamsHandledMax } from '../../src/streams/incoming-streams.ts'
import { breakCodes, encodeOpen } from '../../src/streams/stream-heads.ts'
import { streamNamesMax, StreamRoom } from '../../src/streams/stream-room.ts'
import { StreamTraffic } from '../../src/streams/stream-traffic.ts'
import { SessionWorld, type WorldNode } from '../session/session-world.ts'
import { allOf, bytesOf, noise } from './stream-samples.ts'

/** Streams above nothing but sessions, so that a peer can say what no library would. */
function room(
  world: SessionWorld,
  node: () => WorldNode,
): { streams: StreamRoom<string>; traffic: StreamTraffic<string>; take: (peer: string, stream: SessionStream) => void } {
  const { clock, dice } = world
  const operations = new Operations(clock)
  const streams = new StreamRoom<string>({
    clock,
    dice,
    log: silentLog,
    operations,
    mesh: () => 'the mesh',
    report: () => {},
    load: () => StreamTraffic,
    reachable: () => Promise.resolve(),
  })
  let take = (_peer: string, _stream: SessionStream): void => {}
  const openStream = (peer: string): SessionStream => node().sessions.to(peer).openStream('bulk')
  streams.attach({ openStream, takeStreams: (taken) => (take = taken), ping: () => {} }, world.crypto)
  const traffic = streams.traffic() as StreamTraffic<string>
  return { streams, traffic, take: (peer, stream) => take(peer, stream) }
}

it('a node registers a bounded number of streams', () => {
  const world = new SessionWorld()
  const { streams } = room(world, () => world.node('bob'))
  for (let index = 0; index < streamNamesMax; index += 1) streams.register(`s${index}`, () => {})
  expect(() => streams.register('one more', () => {})).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
})

describe('a peer that keeps to no rules', () => {
  it.each([
    ['a head that is none', Uint8Array.of(3, 9, 9, 9), breakCodes.thrown],
    ['a head of 2 GB', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07), breakCodes.thrown],
    ['half a head, and then silence', Uint8Array.of(40, 0, 3), breakCodes.thrown],
    ['nothing at all', new Uint8Array(), breakCodes.thrown],
    ['a name that nobody has', encodeOpen({ name: '<b>'.repeat(30), file: undefined }), breakCodes.noHandler],
    [
      'a file that goes on where nothing is',
      Uint8Array.of(...encodeOpen({ name: 'count', file: { id: '1', name: '', type: '', size: 100 } }), 50),
      breakCodes.thrown,
    ],
  ])('%s is refused, and the handler is not called', async (_, said, code) => {
    const world = new SessionWorld()
    let bobRoom: ReturnType<typeof room> | undefined
    const bob = world.node('bob', { sessions: { stream: (from, stream) => bobRoom?.take(from.peer, stream) } })
    const ada = world.node('ada')
    bobRoom = room(world, () => bob)
    let calls = 0
    bobRoom.streams.register('count', () => String((calls += 1)))
    const stream = ada.sessions.to(bob.address).openStream()
    void stream.write(said)
    if (said.length === 0) await world.advance(1)
    const read = async (): Promise<void> => {
      while ((await stream.read()) !== undefined);
    }
    await expect(world.settle(said.length === 0 ? stream.end().then(read) : read())).rejects.toMatchObject({ code: 'STREAM_RESET' })
    expect(stream.receiveBreak).toMatchObject({ by: 'peer', code })
    expect(calls).toBe(0)
  })

  it.each([
    ['fewer', 60],
    ['more', 140],
  ])('%s bytes than it said are an error where they are read', async (_, length) => {
    const world = new SessionWorld()
    let bobRoom: ReturnType<typeof room> | undefined
    const bob = world.node('bob', { sessions: { stream: (from, stream) => bobRoom?.take(from.peer, stream) } })
    const ada = world.node('ada')
    bobRoom = room(world, () => bob)
    let seen: unknown
    bobRoom.streams.register('keep', (_ctx, readable) =>
      allOf(readable).then(
        () => {},
        (error: unknown) => void (seen = error),
      ),
    )
    const stream = ada.sessions.to(bob.address).openStream()
    const open = encodeOpen({ name: 'keep', file: { id: '1', name: '', type: '', size: 100 } })
    void stream.write(Uint8Array.of(...open, 0, ...noise(length)))
    await world.settle(stream.end())
    await world.advance(1_000)
    expect(seen).toMatchObject({ code: 'WIRE_FAULT' })
  })

  it('leaves nothing behind: neither what went well, nor what failed, nor what nobody reads', async () => {
    const world = new SessionWorld()
    let bobRoom: ReturnType<typeof room> | undefined
    const bob = world.node('bob', { sessions: { stream: (from, stream) => bobRoom?.take(from.peer, stream) } })
    const ada: WorldNode = world.node('ada')
    bobRoom = room(world, () => bob)
    const { traffic } = room(world, () => ada)
    bobRoom.streams.register('echo', (_ctx, readable) => readable)
    bobRoom.streams.register('throw', () => Promise.reject(new Error('no')))
    bobRoom.streams.register('never', () => new Promise<void>(() => {}))
    const failing = async function* (): AsyncGenerator<string> {
      yield 'a'
      throw new Error('disk')
    }
    const abort = new AbortController()
    const open = (name: string, source: unknown): Promise<ReadableStream<Uint8Array>> =>
      world.settle(traffic.open('bob', bob.address, traffic.sendings(name, source, { signal: abort.signal }, 1)[0]!, 5_000))
    await world.settle(allOf(await open('echo', 'hello')))
    await open('echo', 'nobody reads this')
    await expect(world.settle(allOf(await open('throw', noise(500_000))))).rejects.toMatchObject({ code: 'REMOTE_ERROR' })
    await open('echo', failing())
    await expect(open('nothing', 'x')).rejects.toMatchObject({ code: 'NO_HANDLER' })
    const cancelled = await open('echo', noise(3_000_000))
    await cancelled.cancel()
    await open('never', noise(3_000_000))
    await world.advance(5_000)
    expect(traffic.size).toBe(2)
    abort.abort()
    await world.advance(5_000)
    expect(traffic.size).toBe(0)
    expect(bobRoom.traffic.size).toBe(0)
  })

  it('BUSY is the answer to more streams than a node handles at one time, of all peers together', async () => {
    const world = new SessionWorld()
    let bobRoom: ReturnType<typeof room> | undefined
    const bob = world.node('bob', { sessions: { stream: (from, stream) => bobRoom?.take(from.peer, stream) } })
    bobRoom = room(world, () => bob)
    bobRoom.streams.register('wait', () => new Promise<void>(() => {}))
    const streams: SessionStream[] = []
    for (const name of ['ada', 'cid', 'dora']) {
      const session = world.node(name).sessions.to(bob.address)
      for (let index = 0; index < 342; index += 1) streams.push(session.openStream())
    }
    for (const stream of streams) void stream.write(encodeOpen({ name: 'wait', file: undefined }))
    await world.advance(5_000)
    const refused = streams.filter(({ receiveBreak }) => receiveBreak?.by === 'peer' && receiveBreak.code === breakCodes.busy)
    expect(refused).toHaveLength(streams.length - streamsHandledMax)
  })

  it.each([
    ['is no head', noise(40)],
    ['says more than there is to say', bytesOf('\u00ff'.repeat(3_000))],
  ])('an answer that %s fails its stream alone', async (_, said) => {
    const world = new SessionWorld()
    const bob = world.node('bob', { sessions: { stream: (_from, stream) => void stream.write(said) } })
    const ada: WorldNode = world.node('ada')
    const { traffic } = room(world, () => ada)
    const [sending] = traffic.sendings('x', 'hello', {}, 1)
    await expect(world.settle(traffic.open('bob', bob.address, sending!, 5_000))).rejects.toMatchObject({
      code: expect.stringMatching(/WIRE_FAULT|TIMEOUT/),
    })
    expect(ada.sessions.get(bob.address)!.connection).toBeDefined()
  })
})
