import { expect, it } from 'vitest'
import { wait } from '../../src/async/awaitable.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { LinkIngress } from '../../src/link/link-ingress.ts'
import type { LinkOwner } from '../../src/link/link-owner.ts'
import { ReadingTurns } from '../../src/link/reading-turns.ts'
import { wasteBurstMax } from '../../src/link/waste-budget.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

it.each([true, false])(
  'what is of no use does not end the wait of a neighbour that says too much (LM); its channel can wait: %s',
  (waits) => {
    const clock = new VirtualClock()
    const [channel] = memoryChannelPair(clock, { carries: 'text' })
    if (!waits) Object.assign(channel, { pauseReading: undefined, resumeReading: undefined })
    const faults: string[] = []
    const owner = { clock, reading: new ReadingTurns(clock), fault: (code: string) => void faults.push(code) } as unknown as LinkOwner
    const ingress = new LinkIngress(channel, owner, () => expect.unreachable('the link is not given up'))
    let read = 0
    ingress.pause(10_000)
    // Also what cannot be read, and so never waits.
    for (let count = 0; count < wasteBurstMax * 2; count++) ingress.wasted()
    ingress.push(function* () {
      yield* wait(undefined)
      read++
    })
    clock.runFor(9_900)
    expect([read, faults]).toEqual([0, ['CONTROL_FLOOD', 'PACKET_FLOOD']])
    clock.runFor(200)
    expect(read).toBe(1)
    ingress.end()
  },
)
