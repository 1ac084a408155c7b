// Connects to a device over Bluetooth LE, finds its Nordic UART and subscribes: from then on it is a stream of bytes.
// GATT does one thing at a time, so every step waits for the one before.

import { MeshError } from '@hopmesh/core'
import type { Channel, Clock } from '@hopmesh/core'
import { DeviceChannel } from '../devices/device-channel.ts'
import type { PageLife } from '../page-life.ts'
import type { AddressClaim } from '../storage/address-claim.ts'
import { connectWhenHeard } from './advertisement.ts'
import type { GattCharacteristic, GattDevice, GattServer } from './gatt.ts'
import { busyTriesMax, busyWaitMs, highWaterBytes, lowWaterBytes, writeBytesMax } from './limits.ts'

/** Nordic UART, as a central sees it: it writes to one characteristic and is notified by the other. */
export const uart = {
  write: '6e400002-b5a3-f393-e0a9-e50e24dcca9e',
  notify: '6e400003-b5a3-f393-e0a9-e50e24dcca9e',
} as const

export interface BluetoothOpenOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly life?: PageLife | undefined
  /** The UUID of the Nordic UART. */
  readonly service: string
  /** Of the tabs of one origin, one holds a device: undefined when that is another one. */
  claim(name: string): Promise<AddressClaim | undefined>
}

/** Rejects with LINK_FAILED, which says at what step, or ABORTED. */
export async function openBluetoothChannel(device: GattDevice, options: BluetoothOpenOptions): Promise<Channel> {
  const { signal } = options
  const { gatt } = device
  if (!gatt) throw failure(device, 'the browser lets nobody connect to it')
  const held = await options.claim(`bluetooth ${device.id}`)
  if (!held) throw failure(device, 'another tab of this site, or another mesh of this page, holds it')
  const disconnect = (): void => gatt.disconnect()
  signal.addEventListener('abort', disconnect)
  try {
    return await connected(device, gatt, { ...options, release: () => held.release() })
  } catch (error) {
    gatt.disconnect()
    held.release()
    throw error
  } finally {
    signal.removeEventListener('abort', disconnect)
  }
}

async function connected(device: GattDevice, gatt: GattServer, options: BluetoothOpenOptions & { release(): void }): Promise<Channel> {
  const { clock, signal, life, release } = options
  const step = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
    if (signal.aborted) throw new MeshError('ABORTED', `The connection to ${nameOf(device)} was given up`)
    try {
      return await act()
    } catch (error) {
      throw failure(device, `${what}: ${error instanceof Error ? error.message : String(error)}`, error)
    }
  }
  await step('it does not connect', () => connectWhenHeard(device, gatt, { clock, signal }))
  const service = await step('it has no Nordic UART', () => gatt.getPrimaryService(options.service))
  const write = await step('its Nordic UART takes no bytes', () => service.getCharacteristic(uart.write))
  const notify = await step('its Nordic UART tells no bytes', () => service.getCharacteristic(uart.notify))
  const ended = new AbortController()
  const channel = new DeviceChannel({
    clock,
    medium: 'bluetooth',
    label: `bluetooth ${nameOf(device)}`,
    writeBytesMax,
    highWaterBytes,
    lowWaterBytes,
    pipe: {
      write: (bytes) => writeInTurn(write, bytes, clock),
      hangUp() {
        ended.abort()
        gatt.disconnect()
        release()
      },
    },
  })
  const heard = { signal: ended.signal }
  notify.addEventListener('characteristicvaluechanged', () => channel.received(bytesOf(notify.value)), heard)
  device.addEventListener('gattserverdisconnected', () => channel.lost('the device is out of reach, or let go'), heard)
  const forget = life?.track(() => channel.closeNow('the page was left'))
  ended.signal.addEventListener('abort', () => forget?.())
  try {
    await step('it does not notify', () => notify.startNotifications())
    // It may have gone between two steps, before anybody listened.
    await step('it was lost at once', () => (gatt.connected ? Promise.resolve() : Promise.reject(new Error('disconnected'))))
  } catch (error) {
    channel.closeNow('it did not open')
    throw error
  }
  return channel
}

/** Somebody else of this page may be talking to the device too: GATT then refuses, and nothing has been written. */
async function writeInTurn(characteristic: GattCharacteristic, bytes: Uint8Array<ArrayBuffer>, clock: Clock): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      if (characteristic.properties.writeWithoutResponse) return await characteristic.writeValueWithoutResponse(bytes)
      return await characteristic.writeValueWithResponse(bytes)
    } catch (error) {
      if (tries >= busyTriesMax || !isBusy(error)) throw error
      await new Promise<void>((resolve) => {
        clock.setTimer(busyWaitMs, resolve)
      })
    }
  }
}

/** The browser has no other word for it than its text. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && error.name === 'NetworkError' && error.message.includes('in progress')
}

function bytesOf(value: DataView | undefined): Uint8Array {
  return value ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice() : new Uint8Array(0)
}

function nameOf({ name, id }: GattDevice): string {
  return name || `device ${id}`
}

function failure(device: GattDevice, why: string, cause?: unknown): MeshError {
  const tried = [`bluetooth ${nameOf(device)}: ${why}`]
  return new MeshError('LINK_FAILED', `No Bluetooth link with ${nameOf(device)}: ${why}`, { cause, tried })
}
