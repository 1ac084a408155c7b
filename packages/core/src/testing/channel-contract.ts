// The promises of `channel/channel.ts` as cases that every channel runs: memory, simulator, WebSocket, WebRTC, tabs, TCP,
// Bluetooth. A case throws when a promise is broken; it needs no test framework, so a page can run it in a browser:
//
//   for (const contractCase of channelContractCasesFor('frames')) it(contractCase.title, () => contractCase.run(world))

import type { Carries, Channel } from '../channel/channel.ts'
import { ContractRun, sameMessages } from './channel-contract-run.ts'
import type { ChannelWorld } from './channel-contract-run.ts'

/** One promise of the port. */
export interface ChannelContractCase {
  /** With the row that it proves. */
  readonly title: string
  /** The kinds of channel that it is about. */
  readonly carries: readonly Carries[]
  /** Opens one pair and closes it again. Rejects with an Error that says what was promised. */
  run(world: ChannelWorld): Promise<void>
}

const every: readonly Carries[] = ['frames', 'stream', 'text']

function contractCase(title: string, carries: readonly Carries[], body: (run: ContractRun) => Promise<void>): ChannelContractCase {
  return {
    title: `ALN-40 ${title}`,
    carries,
    async run(world) {
      const run = new ContractRun(world, await world.open())
      try {
        await body(run)
      } finally {
        await run.end()
      }
    },
  }
}

/** Every promise of `Channel`, for a test runner to go through. */
export const channelContractCases: readonly ChannelContractCase[] = [
  contractCase('the two ends know their parts', every, async (run) => {
    run.check(run.dialer.channel.role === 'dialer', "the dialer's role is 'dialer'")
    run.check(run.listener.channel.role === 'listener', "the listener's role is 'listener'")
    run.check(run.dialer.channel.carries === run.listener.channel.carries, 'both ends carry the same')
    run.check(run.dialer.channel.label.length > 0, 'a label says where it leads')
  }),

  contractCase('order is kept', every, async (run) => {
    run.startBoth()
    const largeBytes = Math.min(run.dialer.channel.messageBytesMax, 10_000)
    for (let index = 0; index < 50; index += 1) run.dialer.send(run.payload(index, index % 10 === 5 ? largeBytes : 20 + index))
    await run.arrived()
  }),

  contractCase('both directions work at once', every, async (run) => {
    run.startBoth()
    for (let index = 0; index < 30; index += 1) {
      run.dialer.send(run.payload(index, 64))
      run.listener.send(run.payload(1_000 + index, 64))
    }
    await run.arrived()
  }),

  contractCase('an answer sent from inside message arrives', every, async (run) => {
    run.dialer.start()
    run.listener.start({ onMessage: () => (run.listener.sent.length === 0 ? run.listener.send(run.payload(9, 40)) : true) })
    run.dialer.send(run.payload(1, 40))
    await run.arrived()
    await run.until(() => run.dialer.messages.length > 0, 'the answer arrived')
  }),

  contractCase('what arrived before start is kept, in order', every, async (run) => {
    run.dialer.start()
    for (let index = 0; index < 20; index += 1) run.dialer.send(run.payload(index, 100))
    await run.world.wait(50)
    run.listener.start()
    run.dialer.send(run.payload(20, 100))
    await run.arrived()
  }),

  contractCase('nothing is delivered inside start or send', every, async (run) => {
    run.dialer.send(run.payload(1, 30))
    await run.world.wait(50)
    run.listener.start()
    run.check(run.listener.messages.length === 0, 'start delivered before it returned')
    run.dialer.start()
    run.dialer.send(run.payload(2, 30))
    run.check(run.listener.messages.length === 0, 'send delivered before it returned')
    await run.arrived()
  }),

  contractCase('beyond the bound before start the channel ends; what is delivered has no gap', ['frames', 'text'], async (run) => {
    run.dialer.start()
    for (let index = 0; index < 200; index += 1) run.dialer.send(run.payload(index, 64))
    await run.world.wait(100)
    run.listener.start()
    await run.until(
      () => run.listener.ends.length > 0 || run.listener.messages.length === run.dialer.sent.length,
      'all 200 messages arrived, or the channel ended',
    )
    const heard = run.listener.messages
    run.check(sameMessages(heard, run.dialer.sent.slice(0, heard.length), 'frames'), 'what was delivered is the beginning of what was sent')
  }),

  contractCase('a link frame of 65 000 bytes passes', ['frames'], async (run) => {
    run.startBoth()
    run.check(
      run.dialer.channel.messageBytesMax >= 65_000,
      `messageBytesMax is ${run.dialer.channel.messageBytesMax}, a link frame needs 65 000`,
    )
    run.dialer.send(run.payload(1, 65_000))
    await run.arrived()
  }),

  contractCase('a message of the largest size passes both ways', every, async (run) => {
    run.startBoth()
    run.dialer.send(run.payload(1, largest(run.dialer.channel)))
    run.listener.send(run.payload(2, largest(run.listener.channel)))
    await run.arrived()
  }),

  contractCase('one byte more throws TOO_LARGE and the channel lives on', every, async (run) => {
    run.startBoth()
    const channel = run.dialer.channel
    if (channel.messageBytesMax <= 0x400_0000) {
      run.check(codeThrownBy(() => channel.send(new Uint8Array(channel.messageBytesMax + 1))) === 'TOO_LARGE', 'send threw TOO_LARGE')
    }
    run.dialer.send(run.payload(1, 100))
    await run.arrived()
  }),

  contractCase('an empty message is taken and never delivered', every, async (run) => {
    run.startBoth()
    run.dialer.channel.send(new Uint8Array(0))
    run.dialer.send(run.payload(1, 10))
    run.dialer.channel.send(new Uint8Array(0))
    await run.arrived()
    run.check(
      run.listener.messages.every((message) => message.length > 0),
      'an empty message was delivered',
    )
  }),

  contractCase('send answers false when it is full; drained follows and bufferedBytes goes back to 0', every, async (run) => {
    run.startBoth()
    const length = Math.min(largest(run.dialer.channel), run.world.fillMessageBytes)
    let welcome = true
    for (let index = 0; welcome && index * length < run.world.fillBytesMax; index += 1)
      welcome = run.dialer.send(run.payload(index, length))
    run.check(!welcome, `send never answered false within ${run.world.fillBytesMax} bytes of one turn`)
    run.check(run.dialer.channel.bufferedBytes > 0, 'bufferedBytes counts what waits')
    run.check(run.dialer.drains === 0, 'drained came before there was a turn for it')
    await run.until(() => run.dialer.drains > 0, 'drained came')
    await run.arrived()
    await run.until(() => run.dialer.channel.bufferedBytes === 0, 'bufferedBytes went back to 0')
  }),

  contractCase('drained comes again each time; a sender that heeds it loses nothing', every, async (run) => {
    const length = Math.min(largest(run.dialer.channel), run.world.fillMessageBytes)
    const total = 96
    let next = 0
    const pump = (): void => {
      while (next < total) {
        next += 1
        if (!run.dialer.send(run.payload(next, length))) return
      }
    }
    run.listener.start()
    run.dialer.start({ onDrained: pump })
    pump()
    await run.until(() => next === total, 'the last message was welcome')
    await run.arrived()
  }),

  contractCase('a channel that can wait reads nothing until it is told to, then everything in order', every, async (run) => {
    run.startBoth()
    const { channel } = run.listener
    if (!channel.pauseReading || !channel.resumeReading) return
    run.dialer.send(run.payload(1, 100))
    await run.arrived()
    channel.pauseReading()
    const length = Math.min(largest(run.dialer.channel), 16_384)
    for (let index = 0; index < 40; index += 1) run.dialer.send(run.payload(2 + index, length))
    await run.world.wait(100)
    run.check(!run.intact(), 'everything was read in spite of the pause')
    channel.resumeReading()
    channel.resumeReading()
    await run.arrived()
    channel.pauseReading()
    channel.close('while it waits')
    await run.bothEnded()
  }),

  contractCase('a slow receiver gets everything', every, async (run) => {
    let burnt = 0
    const burn = (): void => {
      for (let turn = 0; turn < 20_000; turn += 1) burnt = Math.imul(burnt + turn, 0x0100_0193)
    }
    run.dialer.start()
    run.listener.start({ onMessage: burn })
    for (let index = 0; index < 100; index += 1) run.dialer.send(run.payload(index, 500))
    await run.arrived()
  }),

  contractCase('1 000 small messages arrive intact', every, async (run) => {
    run.startBoth()
    for (let index = 0; index < 1_000; index += 1) run.dialer.send(run.payload(index, 1 + (index % 90)))
    await run.arrived()
  }),

  contractCase('every byte value passes', ['frames', 'stream'], async (run) => {
    run.startBoth()
    run.dialer.send(Uint8Array.from({ length: 1_024 }, (_, index) => index & 0xff))
    run.dialer.send(Uint8Array.from([0xc0]))
    run.dialer.send(Uint8Array.from([0xdb, 0xdc, 0x00, 0xff]))
    await run.arrived()
  }),

  contractCase('text arrives as it was, whatever its script', ['text'], async (run) => {
    run.startBoth()
    for (const text of ['{"a":"plain"}', '{"a":"Grüße, мир, 世界, 🙂"}', '{"a":"\\u0000\\n\\"\u2028"}'])
      run.dialer.send(new TextEncoder().encode(text))
    await run.arrived()
  }),

  contractCase('what was sent just before close arrives, then closed', every, async (run) => {
    run.startBoth()
    for (let index = 0; index < 20; index += 1) run.dialer.send(run.payload(index, 200))
    run.dialer.channel.close('done')
    await run.bothEnded()
    run.check(run.intact(), 'everything sent before close arrived before closed')
  }),

  contractCase('closing is told to both: local here, remote there, once and last', every, async (run) => {
    run.startBoth()
    run.dialer.send(run.payload(1, 20))
    await run.arrived()
    run.listener.channel.close('enough')
    run.check(run.listener.ends.length === 0, 'closed came inside close')
    run.listener.channel.close('again')
    await run.bothEnded()
    run.dialer.channel.close()
    await run.world.wait(100)
    run.check(run.listener.ends.join() === 'local', `the closer heard '${run.listener.ends.join()}' instead of one 'local'`)
    const { otherSideHears } = run.world
    run.check(
      run.dialer.ends.join() === otherSideHears,
      `the other side heard '${run.dialer.ends.join()}' instead of one '${otherSideHears}'`,
    )
    run.check(run.listener.late === 0 && run.dialer.late === 0, 'something was delivered after closed')
  }),

  contractCase('after close nothing but closed is delivered to the closer', every, async (run) => {
    run.startBoth()
    for (let index = 0; index < 20; index += 1) run.listener.send(run.payload(index, 100))
    run.dialer.channel.close()
    const heard = run.dialer.messages.length
    await run.bothEnded()
    run.check(run.dialer.messages.length === heard, 'a message was delivered after close')
  }),

  contractCase('send after close answers false and never throws', every, async (run) => {
    run.startBoth()
    run.dialer.channel.close()
    run.check(!run.dialer.channel.send(run.payload(1, 10)), 'send right after close answered true')
    await run.bothEnded()
    run.check(!run.dialer.channel.send(run.payload(1, 10)), 'send after close answered true at the closer')
    run.check(!run.listener.channel.send(run.payload(1, 10)), 'send after close answered true at the other side')
  }),

  contractCase('a channel that closed before start tells its receiver, after what it kept', every, async (run) => {
    run.dialer.start()
    run.dialer.send(run.payload(1, 30))
    run.dialer.channel.close()
    await run.world.wait(100)
    run.listener.start()
    run.check(run.listener.ends.length === 0, 'closed came inside start')
    await run.bothEnded()
    run.check(run.intact(), 'what came before the end was delivered')
  }),

  contractCase('closing one end that was never started still ends the other', every, async (run) => {
    run.listener.start()
    run.dialer.channel.close()
    await run.until(() => run.listener.ends.length > 0, 'closed came')
    run.dialer.start()
    await run.bothEnded()
    run.check(run.dialer.ends.join() === 'local', 'the closer hears local')
  }),
]

/** The cases for a channel that carries this. */
export function channelContractCasesFor(carries: Carries): readonly ChannelContractCase[] {
  return channelContractCases.filter((one) => one.carries.includes(carries))
}

/** Tens of megabytes prove nothing more. */
function largest(channel: Channel): number {
  return Math.min(channel.messageBytesMax, 0x40_0000)
}

function codeThrownBy(act: () => unknown): string {
  try {
    act()
    return 'nothing'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
