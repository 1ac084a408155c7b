import { describe, expect, it } from 'vitest'
import { largeSessionPacketBytesMax, sessionPacketBytesMax } from '../../src/session/session-limits.ts'
import { SessionWorld, type Weather } from './session-world.ts'

const mebibyte = 1_048_576

/** Bytes per second of one stream of `size` bytes, the handshake included. */
async function throughput(weather: Partial<Weather>, size: number): Promise<number> {
  const world = new SessionWorld({ seed: 5 })
  Object.assign(world.weather, weather)
  const [ada, bob] = [world.node('ada'), world.node('bob')]
  const stream = ada.sessions.to(bob.address).openStream('bulk')
  const chunk = new Uint8Array(65_536)
  const write = async (): Promise<void> => {
    for (let at = 0; at < size; at += chunk.length) await stream.write(chunk)
    await stream.end()
  }
  const writing = write()
  await world.clock.advanceUntil(() => bob.streams.length > 0)
  const read = async (): Promise<number> => {
    let got = 0
    for (let bytes = await bob.streams[0]!.read(); bytes; bytes = await bob.streams[0]!.read()) got += bytes.length
    return got
  }
  expect(await world.settle(read(), 3_600_000)).toBe(size)
  await world.settle(writing)
  return (size / world.clock.now()) * 1_000
}

// A packet is 16 KiB, so the formula of Mathis (packet / round trip × 1.22 / √loss) gives 4 MB/s at 50 ms and 1 % loss, and 1.3 MB/s at 10 %.
describe('how fast a stream is', () => {
  it.each<[string, Partial<Weather>, number]>([
    ['more than 10 MB/s at a round trip of 50 ms', { latencyMs: 25 }, 10e6],
    ['more than 100 MB/s at 2 ms', { latencyMs: 1 }, 100e6],
    ['90 % of a path of 1.25 MB/s', { latencyMs: 25, bytesPerMs: 1_250 }, 1.12e6],
    ['more than 2 MB/s at 50 ms and 1 % loss', { latencyMs: 25, loss: 0.01 }, 2e6],
    ['more than 0.5 MB/s at 50 ms and 10 % loss', { latencyMs: 25, loss: 0.1 }, 0.5e6],
    ['more than 5 MB/s where packets overtake each other', { latencyMs: 25, jitterMs: 10 }, 5e6],
  ])('%s', async (_, weather, least) => {
    expect(await throughput(weather, 16 * mebibyte)).toBeGreaterThan(least)
  })
})

describe('SN1 how large records are', () => {
  it.each([
    ['as large as the way carries, where much is on its way', 1, 150_000, largeSessionPacketBytesMax],
    ['not larger than every link carries, where little is', 25, 100, sessionPacketBytesMax],
  ])('%s', async (_, latencyMs, bytesPerMs, largest) => {
    const world = new SessionWorld({ seed: 6 })
    Object.assign(world.weather, { latencyMs, bytesPerMs })
    const sessions = { packetBytesMax: () => largeSessionPacketBytesMax }
    const [ada, bob] = [world.node('ada', { sessions }), world.node('bob', { sessions })]
    const sizes: number[] = []
    world.tap = ({ data }) => (sizes.push(data.length), data)
    const stream = ada.sessions.to(bob.address).openStream('bulk')
    void stream.writeOwned(new Uint8Array(2_000_000)).catch(() => {})
    await world.clock.advanceUntil(() => bob.streams.length > 0)
    const read = async (): Promise<void> => {
      for (let got = 0; got < 2_000_000;) got += (await bob.streams[0]!.read())?.length ?? Infinity
    }
    await world.settle(read(), 600_000)
    expect(sizes.slice(0, 8).every((size) => size <= sessionPacketBytesMax)).toBe(true)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(largest)
    expect(Math.max(...sizes)).toBeGreaterThan(largest - 64)
  })

  it('when the way carries less from one moment to the next, what it drops is said again in smaller ones', async () => {
    const world = new SessionWorld({ seed: 7 })
    Object.assign(world.weather, { latencyMs: 1 })
    let most = largeSessionPacketBytesMax
    const sessions = { packetBytesMax: () => most }
    const [ada, bob] = [world.node('ada', { sessions }), world.node('bob', { sessions })]
    let [carried, dropped] = [0, 0]
    world.tap = ({ from, data }) => {
      if (from !== ada.address) return data
      // The record that finds the way narrow was written for the wide one.
      carried += 1
      most = carried % 60 < 30 ? largeSessionPacketBytesMax : sessionPacketBytesMax
      if (data.length <= most) return data
      dropped += 1
      return undefined
    }
    const sent = Uint8Array.from({ length: 6_000_000 }, (_, index) => index % 251)
    const stream = ada.sessions.to(bob.address).openStream('bulk')
    void stream.writeOwned(sent).then(() => stream.end())
    await world.clock.advanceUntil(() => bob.streams.length > 0)
    const got = new Uint8Array(sent.length)
    let at = 0
    const read = async (): Promise<void> => {
      for (let bytes = await bob.streams[0]!.read(); bytes; bytes = await bob.streams[0]!.read()) {
        got.set(bytes, at)
        at += bytes.length
      }
    }
    await world.settle(read(), 600_000)
    expect(at).toBe(sent.length)
    expect(got.every((byte, index) => byte === sent[index])).toBe(true)
    expect(dropped).toBeGreaterThan(0)
  })
})
