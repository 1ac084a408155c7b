import { describe, expect, it } from 'vitest'
import { MessageStore } from '../../src/messages/message-store.ts'
import { MemoryStore } from '../../src/ports/memory-store.ts'
import type { Store } from '../../src/ports/store.ts'

const value = Uint8Array.of(7)

describe('what messages keep', () => {
  it('is kept at once where the store answers at once', () => {
    const store = new MessageStore(new MemoryStore(), () => expect.unreachable())
    expect([store.set('a/1', value), store.add('a/2', value), store.add('a/2', value)]).toEqual([true, true, false])
    store.delete(['a/1'])
    expect(store.list('a/')).toEqual([['a/2', value]])
  })

  it.each(['list', 'set', 'add', 'delete'] as const)('ends with the first %s that fails, which is told once', async (broken) => {
    const asked: string[] = []
    const errors: string[] = []
    const answer = async <T>(what: string, given: T): Promise<T> => {
      asked.push(what)
      if (what === broken) throw new Error('the disk is full')
      return given
    }
    const slow: Store = {
      list: () => answer('list', []),
      set: () => answer('set', undefined),
      add: () => answer('add', true),
      delete: () => answer('delete', undefined),
    }
    const store = new MessageStore(slow, ({ message }) => errors.push(message))
    const each = {
      list: () => store.list(''),
      set: () => store.set('a', value),
      add: () => store.add('a', value),
      delete: () => store.delete(['a']),
    }
    await Promise.all([each[broken](), each[broken]()])
    await new Promise(setImmediate)
    expect([await store.list(''), await store.set('a', value), await store.add('a', value)]).toEqual([undefined, false, undefined])
    store.delete(['a'])
    expect(asked).toEqual([broken, broken])
    expect(errors).toEqual(['Error: the disk is full'])
  })
})
