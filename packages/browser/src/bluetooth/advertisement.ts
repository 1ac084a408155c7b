// A browser that was restarted, or whose Bluetooth was, remembers a device that it cannot connect to: it must hear it first.

import type { Clock } from '@hopmesh/core'
import type { GattDevice, GattServer } from './gatt.ts'
import { hearingMs } from './limits.ts'

export interface Listening {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Connects; to a device that the browser has not heard yet, as soon as it advertises. Rejects as `gatt.connect` does. */
export async function connectWhenHeard(device: GattDevice, gatt: GattServer, listening: Listening): Promise<void> {
  try {
    await gatt.connect()
  } catch (error) {
    if (!isUnheard(error) || !(await heard(device, listening))) throw error
    await gatt.connect()
  }
}

/** The browser has no other word for it than its text. */
function isUnheard(error: unknown): boolean {
  return error instanceof Error && error.name === 'NetworkError' && error.message.includes('no longer in range')
}

/** Resolves with whether it was heard in time; at once with false where the browser does not listen. */
function heard(device: GattDevice, { clock, signal }: Listening): Promise<boolean> {
  const over = new AbortController()
  return new Promise<boolean>((resolve) => {
    const stopTimer = clock.setTimer(hearingMs, () => settle(false))
    const settle = (result: boolean): void => {
      stopTimer()
      over.abort()
      resolve(result)
    }
    const until = { signal: over.signal }
    signal.addEventListener('abort', () => settle(false), until)
    device.addEventListener('advertisementreceived', () => settle(true), until)
    if (!device.watchAdvertisements || signal.aborted) settle(false)
    else device.watchAdvertisements(until).catch(() => settle(false))
  })
}
