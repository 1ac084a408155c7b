// The chooser for serial ports. Ports of before are not opened by themselves: they carry no name to know them by, an origin
// may have asked for them for something else, and opening one restarts many boards.

import { MeshError } from '@hopmesh/core'
import type { Clock, Device, DeviceDialer, PairOptions } from '@hopmesh/core'
import { chooserFailure } from '../devices/chooser-failure.ts'
import type { PageLife } from '../page-life.ts'
import type { WebSerial, WebSerialPort } from './web-serial.ts'

export interface SerialDialerOptions {
  readonly clock: Clock
  readonly life?: PageLife | undefined
}

export function serialDialer(options: SerialDialerOptions): DeviceDialer {
  const ids = new WeakMap<WebSerialPort, string>()
  let ports = 0
  const idOf = (port: WebSerialPort): string => {
    const id = ids.get(port) ?? `serial-${(ports += 1)}`
    ids.set(port, id)
    return id
  }
  return {
    medium: 'serial',
    async choose(pairing) {
      const port = await choose(pairing)
      return toDevice(port, idOf(port), options)
    },
  }
}

async function choose({ filters }: PairOptions): Promise<WebSerialPort> {
  const serial = typeof navigator === 'object' ? (navigator as { readonly serial?: WebSerial }).serial : undefined
  if (!serial) throw new MeshError('NO_SERIAL', whyNone())
  try {
    return await serial.requestPort(filters ? { filters } : {})
  } catch (error) {
    throw chooserFailure(error, { what: 'serial port', missing: 'NO_SERIAL' })
  }
}

function toDevice(port: WebSerialPort, id: string, { clock, life }: SerialDialerOptions): Device {
  const name = nameOf(port)
  return {
    id,
    name,
    async open(signal) {
      await life?.present()
      const { openSerialChannel } = await import('./channel.ts')
      return openSerialChannel(port, { clock, name, signal, life })
    },
    forget: async () => port.forget?.(),
  }
}

function nameOf(port: WebSerialPort): string {
  const { usbVendorId, usbProductId } = port.getInfo?.() ?? {}
  return usbVendorId === undefined ? 'serial port' : `USB ${hex(usbVendorId)}:${hex(usbProductId ?? 0)}`
}

function hex(id: number): string {
  return id.toString(16).padStart(4, '0')
}

function whyNone(): string {
  if (!globalThis.isSecureContext) return 'This page has no serial ports, because it is neither on https:// nor on localhost'
  return 'This browser has no Web Serial: Chrome and Edge have it on a computer'
}
