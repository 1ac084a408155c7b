import { describe, expect, it } from 'vitest'
import type { Carries, Channel } from '../../src/channel/channel.ts'
import { channelContractCasesFor } from '../../src/testing/channel-contract.ts'
import type { ChannelWorld } from '../../src/testing/channel-contract-run.ts'
import { SimNetwork } from '../../src/testing/simulator/sim-network.ts'

function world(carries: Carries, options: { latencyMs?: number; jitterMs?: number }): ChannelWorld {
  const network = new SimNetwork(1, options)
  return {
    open() {
      const [dialer, listener] = network.connect('a', 'b', { carries })
      return { dialer, listener }
    },
    wait: (ms) => network.clock.advance(ms),
  }
}

for (const carries of ['frames', 'stream', 'text'] as const) {
  describe(`channel contract: simulator, ${carries}`, () => {
    for (const contractCase of channelContractCasesFor(carries)) {
      it(contractCase.title, () => contractCase.run(world(carries, { latencyMs: 20, jitterMs: 30 })))
    }
  })
}

function start(channel: Channel): string[] {
  const heard: string[] = []
  channel.start({
    message: (bytes) => heard.push(bytes.join()),
    drained: () => {},
    closed: (reason) => heard.push(reason.code),
  })
  return heard
}

function openPipe(network: SimNetwork): { send: (value: number) => void; atA: string[]; atB: string[]; dialer: Channel } {
  const [dialer, listener] = network.connect('a', 'b')
  return { send: (value) => void dialer.send(Uint8Array.of(value)), atA: start(dialer), atB: start(listener), dialer }
}

describe('simulated network', () => {
  it('ALN-42 a cut is told to both ends and lets no dial through until it heals', async () => {
    const network = new SimNetwork(1)
    const { atA, atB } = openPipe(network)
    network.listen('b', () => {})
    network.cut('a', 'b')
    network.clock.runFor(1)
    expect([atA, atB]).toEqual([['lost'], ['lost']])
    const refused = network.dial('a', 'b').catch((error: unknown) => (error as { code: string }).code)
    await network.clock.advance(100)
    expect(await refused).toBe('RELAY_UNREACHABLE')
    network.heal('a', 'b')
    const dialed = network.dial('a', 'b')
    await network.clock.advance(100)
    expect((await dialed).role).toBe('dialer')
  })

  it('ALN-42 silence swallows one way and tells nobody', () => {
    const network = new SimNetwork(1)
    const { send, atA, atB } = openPipe(network)
    network.silence('a', 'b')
    send(1)
    network.clock.runFor(1_000)
    network.heal('a', 'b')
    send(2)
    network.clock.runFor(1_000)
    expect([atA, atB]).toEqual([[], ['2']])
  })

  it('ALN-42 a stall keeps everything until it opens', () => {
    const network = new SimNetwork(1)
    const { send, atB, dialer } = openPipe(network)
    network.stall('a', 'b')
    send(1)
    send(2)
    dialer.close()
    network.clock.runFor(60_000)
    expect(atB).toEqual([])
    network.heal('a', 'b')
    network.clock.runFor(1_000)
    expect(atB).toEqual(['1', '2', 'remote'])
  })

  it('ALN-42 loss takes about its share', () => {
    const network = new SimNetwork(1, { loss: 0.2 })
    const { send, atB } = openPipe(network)
    for (let index = 0; index < 1_000; index += 1) send(1)
    network.clock.runFor(1_000)
    expect(Math.abs(atB.length - 800)).toBeLessThan(60)
    expect(network.deliveries).toBe(atB.length)
  })

  it('ALN-42 a paused node hears everything when it goes on; a dead one nothing, and its timers die', () => {
    const network = new SimNetwork(1)
    const { send, atA, atB } = openPipe(network)
    const ticks: number[] = []
    network.node('b').clock.setTimer(50, () => ticks.push(network.clock.now()))
    network.node('b').pause(500)
    send(1)
    network.clock.runFor(499)
    expect([atB, ticks]).toEqual([[], []])
    network.clock.runFor(1)
    expect([atB, ticks]).toEqual([['1'], [500]])
    network.node('b').clock.setTimer(50, () => ticks.push(network.clock.now()))
    network.kill('b', true)
    send(2)
    network.clock.runFor(1_000)
    expect([atA, atB, ticks]).toEqual([['remote'], ['1'], [500]])
  })

  it('ALN-42 a process that dies untold leaves its neighbours waiting', () => {
    const network = new SimNetwork(1)
    const { atA } = openPipe(network)
    network.kill('b', false)
    network.clock.runFor(100_000)
    expect(atA).toEqual([])
  })

  it('ALN-42 the digest tells runs apart by time, channel and bytes', () => {
    const digestOf = (seed: number, value: number, jitterMs = 50): string => {
      const network = new SimNetwork(seed, { jitterMs })
      const { send } = openPipe(network)
      for (let index = 0; index < 20; index += 1) send(index === 13 ? value : index)
      network.clock.runUntilIdle()
      return network.digest()
    }
    expect(digestOf(7, 1)).toMatch(/^[0-9a-f]{32}$/)
    expect(digestOf(7, 1)).toBe(digestOf(7, 1))
    expect(digestOf(8, 1)).not.toBe(digestOf(7, 1))
    expect(digestOf(7, 2)).not.toBe(digestOf(7, 1))
    expect(digestOf(7, 1, 0)).not.toBe(digestOf(7, 1))
  })
})
