import { describe, it } from 'vitest'
import type { Carries } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { MemoryChannelOptions } from '../../src/channel/memory-channel.ts'
import { systemClock } from '../../src/ports/system-clock.ts'
import { channelContractCasesFor } from '../../src/testing/channel-contract.ts'
import type { ChannelWorld } from '../../src/testing/channel-contract-run.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function virtualWorld(options: MemoryChannelOptions): ChannelWorld {
  const clock = new VirtualClock()
  return {
    open() {
      const [dialer, listener] = memoryChannelPair(clock, options)
      return { dialer, listener }
    },
    wait: (ms) => clock.advance(ms),
  }
}

function realWorld(): ChannelWorld {
  const clock = systemClock({ ...globalThis, now: () => performance.now(), clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout) })
  return {
    open() {
      const [dialer, listener] = memoryChannelPair(clock)
      return { dialer, listener }
    },
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  }
}

function contract(name: string, carries: Carries, world: () => ChannelWorld): void {
  describe(`ALN-42 channel contract: ${name}`, () => {
    for (const contractCase of channelContractCasesFor(carries)) it(contractCase.title, () => contractCase.run(world()))
  })
}

contract('memory, frames', 'frames', () => virtualWorld({}))
contract('memory, frames, 30 ms', 'frames', () => virtualWorld({ latencyMs: 30 }))
contract('memory, stream', 'stream', () => virtualWorld({ carries: 'stream' }))
contract('memory, stream, cut anew by chance', 'stream', () =>
  virtualWorld({ carries: 'stream', slicing: new SeededDice(1), latencyMs: 3 }),
)
contract('memory, text', 'text', () => virtualWorld({ carries: 'text' }))
contract('memory, frames, real clock', 'frames', realWorld)
