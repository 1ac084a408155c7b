import { VirtualClock } from '@hopmesh/core/testing'
import { describe, expect, test } from 'vitest'
import { connectWhenHeard } from '../../src/bluetooth/advertisement.ts'
import { hearingMs } from '../../src/bluetooth/limits.ts'
import { FakeGatt } from './fake-gatt.ts'

interface Try {
  readonly gatt: FakeGatt
  readonly clock: VirtualClock
  readonly controller: AbortController
  readonly outcome: Promise<string>
}

/** Tries to connect to a device that the browser remembers only. */
function unheardOf(gatt = new FakeGatt()): Try {
  gatt.unheard = true
  const clock = new VirtualClock()
  const controller = new AbortController()
  const outcome = connectWhenHeard(gatt, gatt, { clock, signal: controller.signal }).then(() => 'connected', String)
  return { gatt, clock, controller, outcome }
}

const refusal = 'NetworkError: Bluetooth Device is no longer in range.'

describe('ALN-43 a device that the browser remembers and has not heard', () => {
  test('is connected when it advertises, and not listened for any longer', async () => {
    const { gatt, clock, outcome } = unheardOf()
    await clock.advance(hearingMs - 1)
    expect(gatt.listening).toEqual({ begun: 1, now: 1 })
    gatt.advertise()
    expect(await outcome).toBe('connected')
    expect([gatt.connected, gatt.connections, gatt.listening.now]).toEqual([true, 2, 0])
  })

  test('is given up with what the browser said when it stays silent', async () => {
    const { gatt, clock, outcome } = unheardOf()
    await clock.advance(hearingMs + 1)
    expect(await outcome).toBe(refusal)
    expect([gatt.connections, gatt.listening.now]).toEqual([1, 0])
  })

  test('is given up at once when nobody wants it any more', async () => {
    const { gatt, clock, controller, outcome } = unheardOf()
    await clock.advance(1)
    controller.abort()
    expect(await outcome).toBe(refusal)
    expect(gatt.listening.now).toBe(0)
  })

  test.each([
    ['does not listen', (gatt: FakeGatt) => Object.assign(gatt, { watchAdvertisements: undefined })],
    [
      'may not listen',
      (gatt: FakeGatt) => void gatt.broken.set('watchAdvertisements', new DOMException('No scanning', 'NotSupportedError')),
    ],
  ])('is given up at once by a browser that %s', async (_, happen) => {
    const gatt = new FakeGatt()
    happen(gatt)
    expect(await unheardOf(gatt).outcome).toBe(refusal)
  })

  test('one that is heard and refuses is not listened for', async () => {
    const gatt = new FakeGatt()
    gatt.broken.set('connect', new DOMException('Connection attempt failed.', 'NetworkError'))
    const { signal } = new AbortController()
    await expect(connectWhenHeard(gatt, gatt, { clock: new VirtualClock(), signal })).rejects.toThrow('attempt failed')
    expect(gatt.listening.begun).toBe(0)
  })
})
