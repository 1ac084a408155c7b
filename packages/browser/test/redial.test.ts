import type { Mesh } from '@hopmesh/core'
import { expect, test } from 'vitest'
import { watchPageLife } from '../src/page-life.ts'
import { redialWhenBack } from '../src/redial.ts'

test('a device that is online again dials the relays that wait for their next try, and leaves the others alone', () => {
  const calls: string[] = []
  const relays = {
    list: () => (['online', 'waiting', 'connecting', 'refused'] as const).map((state) => ({ url: `ws://${state}`, state })),
    remove: (url: string) => calls.push(`remove ${url}`),
    add: (url: string) => calls.push(`add ${url}`),
  }
  const window = new EventTarget()
  const mesh = { relays } as unknown as Mesh
  expect(redialWhenBack(mesh, watchPageLife(window))).toBe(mesh)
  expect(calls).toEqual([])
  window.dispatchEvent(new Event('online'))
  expect(calls).toEqual(['remove ws://waiting', 'add ws://waiting'])
})
