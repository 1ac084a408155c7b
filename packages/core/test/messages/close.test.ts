import { describe, expect, it } from 'vitest'
import { HandlerChain } from '../../src/messages/handler-chain.ts'
import { encodeLetter, letterKey, type Letter } from '../../src/messages/letter.ts'
import { MessageStore } from '../../src/messages/message-store.ts'
import { Outbox } from '../../src/messages/outbox.ts'
import type { Message } from '../../src/messages/message.ts'
import type { Neighbour } from '../../src/messages/neighbour.ts'
import { MemoryStore } from '../../src/ports/memory-store.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const letter: Letter = {
  id: '0'.repeat(32),
  who: `k${'a'.repeat(26)}`,
  address: undefined,
  bytes: new Uint8Array(3),
  sentAt: 1_767_225_600_000,
  expiresAt: 1_767_225_700_000,
  order: 1,
}

describe('what is closed leaves no timer behind', () => {
  it('handlers that have not answered', () => {
    const clock = new VirtualClock()
    const errors: unknown[] = []
    const chain = new HandlerChain({ clock, report: (error) => errors.push(error) })
    chain.add((_, __) => new Promise(() => {}))
    chain.run({} as Message, {} as Neighbour, () => expect.unreachable())
    expect(clock.waiting).toBe(1)
    chain.close()
    expect(clock.waiting).toBe(0)
    clock.runFor(60_000)
    expect(errors).toEqual([])
  })

  it('an outbox whose store was still being read', async () => {
    const clock = new VirtualClock()
    const store = new MemoryStore()
    store.set(letterKey(letter), encodeLetter(letter))
    const outbox = new Outbox({
      clock,
      expired: () => expect.unreachable(),
      found: () => expect.unreachable(),
      gone: () => expect.unreachable(),
    })
    const attached = outbox.attach(new MessageStore(store, () => expect.unreachable()))
    outbox.close()
    expect(await attached).toEqual([])
    expect(clock.waiting).toBe(0)
  })
})
