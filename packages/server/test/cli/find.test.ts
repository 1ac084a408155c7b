import type { Mesh } from '@hopmesh/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { shownUp } from '../../src/cli/find.ts'

/** A mesh whose table fills by one row each 200 ms for so long. */
function fillingFor(ms: number): Mesh {
  const since = performance.now()
  const rows = (): number => Math.floor(Math.min(ms, performance.now() - since) / 200)
  const table = {
    peers: {
      get size() {
        return rows()
      },
    },
    services: { list: () => [] },
    relays: { list: () => [] },
  }
  return table as unknown as Mesh
}

describe('how long the command line looks for somebody', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }))
  afterEach(() => void vi.useRealTimers())

  it.each([
    ['three seconds where the table is whole', 0, 3_000, 3_100],
    ['as long as the table of a large network fills', 6_000, 6_000, 7_000],
    ['ten seconds where it never rests', 60_000, 9_900, 11_000],
  ])('%s', async (_what, fillsMs, least, most) => {
    const since = performance.now()
    let tookMs: number | undefined
    const looked = shownUp(fillingFor(fillsMs), () => undefined).then(() => (tookMs = performance.now() - since))
    await vi.advanceTimersByTimeAsync(12_000)
    await looked
    expect(tookMs).toBeGreaterThanOrEqual(least)
    expect(tookMs).toBeLessThanOrEqual(most)
  })

  it('whoever shows up while it fills is found at once', async () => {
    const mesh = fillingFor(60_000)
    const found = shownUp(mesh, () => (mesh.peers.size >= 20 ? mesh.peers.size : undefined))
    await vi.advanceTimersByTimeAsync(4_200)
    expect(await found).toBe(20)
  })
})
