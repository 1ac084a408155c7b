import { afterEach, expect, it, vi } from 'vitest'
import { claimAddress } from '../../src/storage/address-claim.ts'

type Callback = () => Promise<void> | undefined

/** Locks that a test grants when it likes, also to somebody who has given up. */
function stubLocks(): Callback[] {
  const asked: Callback[] = []
  const request = (_: string, { signal }: { signal: AbortSignal }, callback: Callback): Promise<void> =>
    new Promise((_resolve, reject) => {
      asked.push(callback)
      signal.addEventListener('abort', () => reject(new DOMException('given up', 'AbortError')))
    })
  vi.stubGlobal('navigator', { locks: { request } })
  return asked
}

afterEach(() => void vi.unstubAllGlobals())

it('a lock that is granted after it was given up is not kept: the tab that holds the address may be loaded anew', async () => {
  const asked = stubLocks()
  const holder = claimAddress('kada.aaaa')
  expect(asked.shift()?.()).toBeInstanceOf(Promise)
  const claim = await holder
  expect(claim).toBeDefined()
  // The holder says that it has it, and the copy gives up.
  expect(await claimAddress('kada.aaaa')).toBeUndefined()
  expect(asked).toHaveLength(1)
  expect(asked.shift()?.()).toBeUndefined()
  claim?.release()
})
