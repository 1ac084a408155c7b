import type { DeviceDialer } from '@hopmesh/core'
import { VirtualClock } from '@hopmesh/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { bluetoothDialer, uartService } from '../../src/bluetooth/dialer.ts'
import { serialDialer } from '../../src/serial/dialer.ts'
import { FakeGatt } from '../bluetooth/fake-gatt.ts'
import { FakePort } from '../serial/fake-port.ts'

afterEach(() => vi.unstubAllGlobals())

const clock = new VirtualClock()

/** A page whose browser has these. */
function page(parts: { bluetooth?: object; serial?: object; active?: boolean; secure?: boolean }): void {
  const { active = true, secure = true, ...rest } = parts
  vi.stubGlobal('navigator', { userActivation: { isActive: active }, ...rest })
  vi.stubGlobal('isSecureContext', secure)
}

const choosers: readonly [string, 'bluetooth' | 'serial', string, DeviceDialer][] = [
  ['Bluetooth', 'bluetooth', 'NO_BLUETOOTH', bluetoothDialer({ clock })],
  ['serial', 'serial', 'NO_SERIAL', serialDialer({ clock })],
]

function refusing(medium: 'bluetooth' | 'serial', error: Error): { bluetooth?: object; serial?: object } {
  const ask = (): Promise<never> => Promise.reject(error)
  return medium === 'bluetooth'
    ? { bluetooth: { requestDevice: ask, getAvailability: async () => true } }
    : { serial: { requestPort: ask } }
}

describe.each(choosers)('ALN-43 the chooser for %s devices', (_, medium, missing, dialer) => {
  test('a browser without it, and a page that is not secure, are told apart', async () => {
    page({})
    await expect(dialer.choose({})).rejects.toMatchObject({ code: missing, message: expect.stringContaining('Chrome') as unknown })
    page({ secure: false })
    await expect(dialer.choose({})).rejects.toMatchObject({ code: missing, message: expect.stringContaining('https://') as unknown })
  })

  test.each([
    ['closed', new DOMException('User cancelled the requestDevice() chooser.', 'NotFoundError'), true, 'PAIRING_DISMISSED'],
    ['not from a click', new DOMException('Must be handling a user gesture.', 'SecurityError'), false, 'PAIRING_DISMISSED'],
    ['forbidden by a policy', new DOMException('Access is disallowed by permissions policy.', 'SecurityError'), true, missing],
    ['given wrong filters', new TypeError('A filter must restrict the devices in some way.'), true, 'INVALID_OPTION'],
  ])('%s', async (_what, error, active, code) => {
    page({ ...refusing(medium, error), active })
    await expect(dialer.choose({})).rejects.toMatchObject({ code, cause: error })
  })
})

describe('ALN-43 the Bluetooth chooser', () => {
  test('asks within the call, for the Nordic UART unless other filters are given, which still may use it', async () => {
    const asked: unknown[] = []
    page({ bluetooth: { requestDevice: async (options: unknown) => (asked.push(options), new FakeGatt()) } })
    const dialer = bluetoothDialer({ clock })
    const first = dialer.choose({})
    expect(asked).toEqual([{ filters: [{ services: [uartService] }], optionalServices: [uartService] }])
    expect(await first).toMatchObject({ id: 'device-1', name: 'ESP32-black-box-a' })
    await dialer.choose({ filters: [{ namePrefix: 'ESP' }] })
    expect(asked[1]).toEqual({ filters: [{ namePrefix: 'ESP' }], optionalServices: [uartService] })
  })

  test('an adapter that is missing or off is no dismissed chooser', async () => {
    const error = new DOMException('Bluetooth adapter not available.', 'NotFoundError')
    page({ bluetooth: { requestDevice: () => Promise.reject(error), getAvailability: async () => false } })
    await expect(bluetoothDialer({ clock }).choose({})).rejects.toMatchObject({ code: 'NO_BLUETOOTH' })
  })

  test('remembers what the browser remembers, or nothing', async () => {
    page({ bluetooth: { getDevices: async () => [new FakeGatt()] } })
    expect(await bluetoothDialer({ clock }).remembered?.()).toMatchObject([{ id: 'device-1' }])
    page({ bluetooth: {} })
    expect(await bluetoothDialer({ clock }).remembered?.()).toEqual([])
    page({})
    expect(await bluetoothDialer({ clock }).remembered?.()).toEqual([])
  })

  test('a name outlives the page where the browser forgets it, until the device is forgotten', async () => {
    const kept = new Map<string, string>()
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    })
    const nameless = Object.assign(new FakeGatt(), { name: '' })
    page({ bluetooth: { requestDevice: async () => new FakeGatt(), getDevices: async () => [nameless] } })
    const dialer = bluetoothDialer({ clock })
    await dialer.choose({})
    expect(await dialer.remembered?.()).toMatchObject([{ name: 'ESP32-black-box-a' }])
    await (await dialer.remembered?.())?.[0]?.forget?.()
    expect([kept.size, (await dialer.remembered?.())?.[0]?.name]).toEqual([0, 'a device without a name'])
  })

  test('a device opens with code that is loaded then', async () => {
    const gatt = new FakeGatt()
    page({ bluetooth: { requestDevice: async () => gatt } })
    const device = await bluetoothDialer({ clock }).choose({})
    const channel = await device.open(new AbortController().signal)
    expect([channel.medium, gatt.connected]).toEqual(['bluetooth', true])
    channel.close()
  })
})

describe('ALN-43 the serial chooser', () => {
  test('the same port has the same id, another one another, and ports of before are left alone', async () => {
    const ports = [new FakePort(), new FakePort()]
    let next = ports[0]
    page({ serial: { requestPort: async () => next } })
    const dialer = serialDialer({ clock })
    const [first, again] = [await dialer.choose({}), await dialer.choose({ filters: [{ usbVendorId: 0x2341 }] })]
    next = ports[1]
    const other = await dialer.choose({})
    expect([first.name, first.id === again.id, first.id === other.id]).toEqual(['USB 2341:0043', true, false])
    expect(dialer.remembered).toBeUndefined()
  })
})
