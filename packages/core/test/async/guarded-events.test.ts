import { describe, expect, it } from 'vitest'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import { GuardedEvents } from '../../src/async/guarded-events.ts'

interface Events {
  word: [word: string]
}

function events(): { heard: string[]; errors: MeshError[]; on: GuardedEvents<Events> } {
  const errors: MeshError[] = []
  return { heard: [], errors, on: new GuardedEvents<Events>((error) => errors.push(error)) }
}

describe('events', () => {
  it('PY-21 on, once, off, the returned function and a signal all end a listener', () => {
    const { on, heard } = events()
    const hear =
      (name: string) =>
      (word: string): void =>
        void heard.push(`${name} ${word}`)
    const stop = on.on('word', hear('a'))
    on.on('word', hear('b'), { once: true })
    const controller = new AbortController()
    on.on('word', hear('c'), { signal: controller.signal })
    const d = hear('d')
    on.on('word', d)
    on.emit('word', '1')
    stop()
    controller.abort()
    on.off('word', d)
    on.emit('word', '2')
    expect(heard).toEqual(['a 1', 'b 1', 'c 1', 'd 1'])
    expect(on.listenerCount('word')).toBe(0)
  })

  it('PY-21 a listener that is added twice is called once, and an aborted signal adds none', () => {
    const { on, heard } = events()
    const listener = (word: string): void => void heard.push(word)
    on.on('word', listener)
    on.on('word', listener)
    on.on('word', (word) => heard.push(`no ${word}`), { signal: AbortSignal.abort() })
    on.emit('word', 'x')
    expect(heard).toEqual(['x'])
  })

  it('a listener that throws or rejects is reported and disturbs nobody', async () => {
    const { on, heard, errors } = events()
    on.on('word', () => {
      throw new TypeError('thrown')
    })
    on.on('word', () => Promise.reject(new Error('rejected')))
    on.on('word', (word) => heard.push(word))
    on.emit('word', 'x')
    await Promise.resolve()
    await Promise.resolve()
    expect(heard).toEqual(['x'])
    expect(errors.map(({ code }) => code)).toEqual(['HANDLER_FAILED', 'HANDLER_FAILED'])
    expect(errors[0]?.message).toContain('TypeError: thrown')
    expect(errors[1]).toMatchObject({ cause: { message: 'rejected' } })
  })

  it.each(['off', 'clear', 'once', 'again'] as const)('a signal that lives on does not keep who listens no more (%s)', (how) => {
    const { on } = events()
    const kept = new Set<unknown>()
    const signal = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => kept.add(listener),
      removeEventListener: (_: string, listener: unknown) => kept.delete(listener),
    } as unknown as AbortSignal
    const listener = (): void => {}
    on.on('word', listener, { signal, once: how === 'once' })
    expect(kept.size).toBe(1)
    if (how === 'off') on.off('word', listener)
    else if (how === 'clear') on.clear()
    else if (how === 'once') on.emit('word', 'x')
    else on.on('word', listener)
    expect(kept.size).toBe(0)
    expect(on.listenerCount('word')).toBe(how === 'again' ? 1 : 0)
  })
})
