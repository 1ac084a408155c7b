import { describe, expect, it } from 'vitest'
import type { Channel, ChannelReceiver } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { channelContractCasesFor } from '../../src/testing/channel-contract.ts'
import type { ChannelWorld } from '../../src/testing/channel-contract-run.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

type Breakage = (channel: Channel) => Partial<Pick<Channel, 'start' | 'send' | 'close' | 'bufferedBytes' | 'copiesMessages'>>

/** A channel with one promise broken. */
function broken(channel: Channel, breakage: Breakage): Channel {
  const changed = breakage(channel)
  return new Proxy(channel, {
    get(target, key) {
      const value: unknown = key in changed ? Reflect.get(changed, key) : Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

async function brokenPromises(breakage: Breakage): Promise<string[]> {
  const failures: string[] = []
  for (const contractCase of channelContractCasesFor('frames')) {
    const clock = new VirtualClock()
    const world: ChannelWorld = {
      open() {
        const [dialer, listener] = memoryChannelPair(clock, { highWaterBytes: 65_536 })
        return { dialer: broken(dialer, breakage), listener: broken(listener, breakage) }
      },
      wait: (ms) => clock.advance(ms),
      patienceMs: 500,
      fillBytesMax: 1_048_576,
    }
    await contractCase.run(world).catch(() => failures.push(contractCase.title.replace('ALN-40 ', '')))
  }
  return failures
}

const receiving = (receiver: ChannelReceiver, changed: Partial<ChannelReceiver>): ChannelReceiver => ({
  message: (bytes) => receiver.message(bytes),
  drained: () => receiver.drained(),
  closed: (reason) => receiver.closed(reason),
  ...changed,
})

const breakages: readonly [string, Breakage, string][] = [
  ['nothing', () => ({}), ''],
  ['copies promised and not made', () => ({ copiesMessages: true }), 'order is kept'],
  ['two messages swapped', (channel) => swapping(channel), 'order is kept'],
  ['the 700th message lost', (channel) => dropping(channel, 700), '1 000 small messages arrive intact'],
  [
    'one bit flipped in large messages',
    (channel) => ({ send: (message) => channel.send(flip(message)) }),
    'a link frame of 65 000 bytes passes',
  ],
  [
    'always welcome',
    (channel) => ({ send: (message) => channel.send(message) || true }),
    'send answers false when it is full; drained follows and bufferedBytes goes back to 0',
  ],
  [
    'never drained',
    (channel) => ({ start: (receiver) => channel.start(receiving(receiver, { drained: () => {} })) }),
    'drained comes again each time; a sender that heeds it loses nothing',
  ],
  [
    'closed twice',
    (channel) => ({
      start: (receiver) =>
        channel.start(
          receiving(receiver, {
            closed: (reason) => {
              receiver.closed(reason)
              receiver.closed(reason)
            },
          }),
        ),
    }),
    'closing is told to both: local here, remote there, once and last',
  ],
  [
    'closed never told',
    (channel) => ({ start: (receiver) => channel.start(receiving(receiver, { closed: () => {} })) }),
    'what was sent just before close arrives, then closed',
  ],
  [
    'too large is cut',
    (channel) => ({ send: (message) => channel.send(message.subarray(0, channel.messageBytesMax)) }),
    'one byte more throws TOO_LARGE and the channel lives on',
  ],
  [
    'bufferedBytes stuck',
    () => ({ bufferedBytes: 5 }),
    'send answers false when it is full; drained follows and bufferedBytes goes back to 0',
  ],
]

describe('channel contract, turned on broken channels', () => {
  for (const [name, breakage, title] of breakages) {
    it(`ALN-40 finds: ${name}`, async () => {
      const failures = await brokenPromises(breakage)
      if (title === '') expect(failures).toEqual([])
      else expect(failures).toContain(title)
    })
  }
})

function swapping(channel: Channel): ReturnType<Breakage> {
  let held: Uint8Array | undefined
  let count = 0
  return {
    send(message) {
      count += 1
      if (count === 3) {
        held = message
        return true
      }
      const welcome = channel.send(message)
      if (held !== undefined) channel.send(held)
      held = undefined
      return welcome
    },
  }
}

function dropping(channel: Channel, which: number): ReturnType<Breakage> {
  let count = 0
  return {
    send(message) {
      count += 1
      return count === which ? true : channel.send(message)
    },
  }
}

function flip(message: Uint8Array): Uint8Array {
  if (message.length > 1_000) message[900] = (message[900] ?? 0) ^ 1
  return message
}
