import { expect, it } from 'vitest'
import { SessionWorld } from './session-world.ts'

async function throughput(weather: Partial<SessionWorld['weather']>, size: number): Promise<{ ms: number; cpuMs: number }> {
  const world = new SessionWorld({ seed: 5 })
  Object.assign(world.weather, weather)
  const [ada, bob] = [world.node('ada'), world.node('bob')]
  const startedAt = world.clock.now()
  const real = performance.now()
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
  return { ms: world.clock.now() - startedAt, cpuMs: performance.now() - real }
}

it('numbers', async () => {
  const size = 32 * 1_048_576
  for (const [name, weather] of Object.entries({
    clean50: { latencyMs: 25 },
    clean2: { latencyMs: 1 },
    loss1: { latencyMs: 25, loss: 0.01 },
    loss10: { latencyMs: 25, loss: 0.1 },
    jitter: { latencyMs: 25, jitterMs: 10 },
    bottleneck: { latencyMs: 25, bytesPerMs: 1_250 },
  })) {
    const { ms, cpuMs } = await throughput(weather, size)
    console.log(name, Math.round(ms), 'ms', (size / ms / 1000).toFixed(2), 'MB/s', Math.round(cpuMs), 'cpu ms')
  }
}, 300_000)
