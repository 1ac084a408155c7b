import { describe, expect, it } from 'vitest'
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
