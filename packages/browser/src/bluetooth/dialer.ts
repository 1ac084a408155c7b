// The chooser for Bluetooth devices, and those that were chosen before. Small, because the chooser opens only inside a
// click: it cannot wait for more code. What talks to a device is loaded with the first one.

import { MeshError } from '@hopmesh/core'
import type { Clock, Device, DeviceDialer, PairOptions } from '@hopmesh/core'
import { chooserFailure } from '../devices/chooser-failure.ts'
import type { PageLife } from '../page-life.ts'
import { claimAddress } from '../storage/address-claim.ts'
import { deviceNames } from './device-names.ts'
import type { GattDevice, WebBluetooth } from './gatt.ts'

/** Nordic UART: the service that a device must have. */
export const uartService = '6e400001-b5a3-f393-e0a9-e50e24dcca9e'

export interface BluetoothDialerOptions {
  readonly clock: Clock
  readonly life?: PageLife | undefined
}

export function bluetoothDialer(options: BluetoothDialerOptions): DeviceDialer {
  return {
    medium: 'bluetooth',
    choose: (pairing) => choose(options, pairing),
    async remembered() {
      const devices = (await webBluetooth()?.getDevices?.()) ?? []
      return devices.map((device) => toDevice(device, options))
    },
  }
}

async function choose(options: BluetoothDialerOptions, { filters = [{ services: [uartService] }] }: PairOptions): Promise<Device> {
  const bluetooth = webBluetooth()
  if (!bluetooth) throw new MeshError('NO_BLUETOOTH', whyNone())
  try {
    const device = await bluetooth.requestDevice({ filters, optionalServices: [uartService] })
    if (device.name) deviceNames.set(device.id, device.name)
    return toDevice(device, options)
  } catch (error) {
    throw await whyNot(bluetooth, error)
  }
}

function toDevice(device: GattDevice, { clock, life }: BluetoothDialerOptions): Device {
  return {
    id: device.id,
    name: device.name || deviceNames.get(device.id) || 'a device without a name',
    async open(signal) {
      await life?.present()
      const { openBluetoothChannel } = await import('./channel.ts')
      return openBluetoothChannel(device, { clock, signal, life, service: uartService, claim: claimAddress })
    },
    async forget() {
      deviceNames.set(device.id, undefined)
      await device.forget?.()
    },
  }
}

function webBluetooth(): WebBluetooth | undefined {
  return typeof navigator === 'object' ? (navigator as { readonly bluetooth?: WebBluetooth }).bluetooth : undefined
}

function whyNone(): string {
  if (!globalThis.isSecureContext) return 'This page has no Bluetooth, because it is neither on https:// nor on localhost'
  return 'This browser has no Web Bluetooth: Chrome and Edge have it (on Linux behind chrome://flags/#enable-experimental-web-platform-features)'
}

async function whyNot(bluetooth: WebBluetooth, error: unknown): Promise<MeshError> {
  const failure = chooserFailure(error, { what: 'Bluetooth device', missing: 'NO_BLUETOOTH' })
  if (failure.code !== 'PAIRING_DISMISSED' || (await available(bluetooth))) return failure
  return new MeshError('NO_BLUETOOTH', 'This machine has no Bluetooth, or it is switched off', { cause: error })
}

async function available(bluetooth: WebBluetooth): Promise<boolean> {
  try {
    return (await bluetooth.getAvailability?.()) ?? true
  } catch {
    return true
  }
}
