import type { Mesh } from '@hopmesh/core'
import { expect, test } from 'vitest'
import { healWhenBack } from '../src/heal-when-back.ts'
import { watchPageLife } from '../src/page-life.ts'

test('PY-25 a device that is online again heals the mesh at once', () => {
  let heals = 0
  const window = new EventTarget()
  const mesh = { heal: async () => void (heals += 1) } as unknown as Mesh
  expect(healWhenBack(mesh, watchPageLife(window))).toBe(mesh)
  expect(heals).toBe(0)
  window.dispatchEvent(new Event('online'))
  expect(heals).toBe(1)
})
