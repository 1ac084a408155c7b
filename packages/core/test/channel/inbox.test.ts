import { describe, expect, it } from 'vitest'
import { ChannelInbox, keptMessagesMax } from '../../src/channel/inbox.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function openInbox(carries: 'frames' | 'stream' = 'frames', keptBytesMax = 1_000) {
  const clock = new VirtualClock()
  const heard: string[] = []
  const failures: string[] = []
  const inbox = new ChannelInbox({ clock, carries, keptBytesMax, failed: (reason) => failures.push(reason.detail) })
  const receiver = {
    message: (bytes: Uint8Array) => void heard.push(bytes.join('.')),
    drained: () => void heard.push('drained'),
    closed: (reason: { code: string }) => void heard.push(reason.code),
  }
  return { clock, heard, failures, inbox, receiver }
}

describe('channel inbox', () => {
  it('ALN-40 delivers what it kept after start, and what comes meanwhile behind it', () => {
    const { clock, heard, inbox, receiver } = openInbox()
    inbox.message(Uint8Array.of(1))
    inbox.drained()
    inbox.start(receiver)
    inbox.message(Uint8Array.of(2))
    expect(heard).toEqual([])
    clock.runUntilIdle()
    inbox.message(Uint8Array.of(3))
    expect(heard).toEqual(['1', '2', 'drained', '3'])
  })

  it('ALN-40 is bounded in bytes before start, for streams too', () => {
    for (const carries of ['frames', 'stream'] as const) {
      const { clock, heard, failures, inbox, receiver } = openInbox(carries, 10)
      for (let index = 0; index < 3; index += 1) inbox.message(Uint8Array.of(1, 1, 1, 1))
      expect(failures).toHaveLength(1)
      expect(inbox.closeReason?.code).toBe('lost')
      inbox.start(receiver)
      clock.runUntilIdle()
      expect(heard).toEqual(['1.1.1.1', '1.1.1.1', 'lost'])
    }
  })

  it('ALN-40 after start no bound of the waiting room applies', () => {
    const { clock, heard, failures, inbox, receiver } = openInbox()
    inbox.message(Uint8Array.of(9))
    inbox.start(receiver)
    for (let index = 0; index < 2 * keptMessagesMax; index += 1) inbox.message(Uint8Array.of(index))
    clock.runUntilIdle()
    expect(failures).toEqual([])
    expect(heard).toHaveLength(1 + 2 * keptMessagesMax)
  })

  it('ALN-40 a local close silences it: what was kept is dropped, closed comes once, the first reason stands', () => {
    const { clock, heard, inbox, receiver } = openInbox()
    inbox.message(Uint8Array.of(1))
    inbox.start(receiver)
    inbox.close({ code: 'local', detail: '' })
    inbox.close({ code: 'remote', detail: '' })
    inbox.message(Uint8Array.of(2))
    inbox.drained()
    clock.runUntilIdle()
    expect(heard).toEqual(['local'])
  })

  it('ALN-40 a close from inside message stops what was kept behind it', () => {
    const { clock, heard, inbox, receiver } = openInbox()
    inbox.message(Uint8Array.of(1))
    inbox.message(Uint8Array.of(2))
    inbox.start({
      ...receiver,
      message(bytes) {
        receiver.message(bytes)
        inbox.close({ code: 'local', detail: '' })
      },
    })
    clock.runUntilIdle()
    expect(heard).toEqual(['1', 'local'])
  })

  it('ALN-40 starting twice is a mistake that is named', () => {
    const { inbox, receiver } = openInbox()
    inbox.start(receiver)
    expect(() => inbox.start(receiver)).toThrow('started once')
  })
})
