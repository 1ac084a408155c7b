import { describe, expect, it } from 'vitest'
import { MessageStore } from '../../src/messages/message-store.ts'
import { takenMax, takenMsMax, TakenMessages, takenOfSenderMax } from '../../src/messages/taken-messages.ts'
import { MemoryStore } from '../../src/ports/memory-store.ts'
import type { Store } from '../../src/ports/store.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const idOf = (index: number): string => index.toString(16).padStart(32, '0')
const whoOf = (index: number): string => `k${index.toString(2).replaceAll('0', 'a').replaceAll('1', 'b').padStart(26, 'a')}`

function taken(store?: Store, clock = new VirtualClock()): TakenMessages {
  const messages = new TakenMessages(clock)
  messages.attach(store && new MessageStore(store, () => expect.unreachable()))
  return messages
}

describe('which messages were taken', () => {
  it('PP-11 each once by (who sent it, id): the same id of two senders is two messages', () => {
    const messages = taken()
    expect([
      messages.add('ada', idOf(1)),
      messages.add('ada', idOf(1)),
      messages.add('bob', idOf(1)),
      messages.add('ada', idOf(2)),
    ]).toEqual([true, false, true, true])
  })

  it('a sender that floods pushes out its own oldest ids, and nobody else’s', () => {
    const store = new MemoryStore()
    const messages = taken(store)
    void messages.add('honest', idOf(0))
    for (let index = 0; index < takenOfSenderMax + 10; index += 1) void messages.add('flood', idOf(index))
    expect(messages.add('honest', idOf(0))).toBe(false)
    expect([messages.add('flood', idOf(0)), messages.add('flood', idOf(takenOfSenderMax))]).toEqual([true, false])
    expect([messages.size, store.size]).toEqual([takenOfSenderMax + 1, takenOfSenderMax + 1])
  })

  it('is bounded in all, also when many senders come; those with the most lose the oldest', () => {
    const messages = taken()
    void messages.add('honest', idOf(0))
    for (let sender = 0; sender < 40; sender += 1)
      for (let index = 0; index < 2_000; index += 1) void messages.add(whoOf(sender), idOf(index))
    expect(messages.size).toBeLessThanOrEqual(takenMax)
    expect(messages.add('honest', idOf(0))).toBe(false)
  })

  it('SE4 the next process knows them, until they are too old; then the store forgets them too', async () => {
    const store = new MemoryStore()
    const clock = new VirtualClock()
    void taken(store, clock).add(whoOf(1), idOf(1))
    clock.runFor(takenMsMax - 1_000)
    const second = taken(store, clock)
    await Promise.resolve()
    expect([second.add(whoOf(1), idOf(1)), second.add(whoOf(1), idOf(2))]).toEqual([false, true])
    clock.runFor(2_000)
    const third = taken(store, clock)
    await new Promise(setImmediate)
    expect([store.list('').length, third.add(whoOf(1), idOf(2))]).toEqual([1, false])
  })

  it('one that was not handed out after all is taken when it comes again', () => {
    const store = new MemoryStore()
    const messages = taken(store)
    void messages.add('ada', idOf(1))
    messages.release('ada', idOf(1))
    expect([messages.size, store.size, messages.add('ada', idOf(1))]).toEqual([0, 0, true])
  })

  it('of two copies that come at once one is first, while the store is still asked', async () => {
    const store = new MemoryStore()
    const slow = { list: () => [], set: () => {}, delete: () => {}, add: async (key: string, value: Uint8Array) => store.add(key, value) }
    const messages = taken(slow)
    expect(await Promise.all([messages.add('ada', idOf(1)), messages.add('ada', idOf(1))])).toEqual([true, false])
    expect(messages.add('ada', idOf(1))).toBe(false)
  })

  it('damaged entries of a store are dropped', async () => {
    const store = new MemoryStore()
    for (const key of ['taken/', 'taken/ada', 'taken/ada/short', `taken/ada/${idOf(1)}`]) store.set(key, Uint8Array.of(1))
    taken(store)
    await new Promise(setImmediate)
    expect(store.size).toBe(0)
  })
})
