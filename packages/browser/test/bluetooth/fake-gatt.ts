import { ChannelInbox } from '@hopmesh/core'
import type { Channel, ChannelReceiver, Clock } from '@hopmesh/core'
import { uart } from '../../src/bluetooth/channel.ts'
import { uartService } from '../../src/bluetooth/dialer.ts'
import type { GattCharacteristic, GattDevice, GattServer, GattService } from '../../src/bluetooth/gatt.ts'

const notificationBytesMax = 20

function gattError(message: string, name = 'NetworkError'): Error {
  return new DOMException(message, name)
}

/** A Bluetooth device with a Nordic UART, as strict as a browser's: one GATT operation at a time, 20 bytes a write. */
export class FakeGatt extends EventTarget implements GattDevice, GattServer, GattService {
  readonly id = 'device-1'
  readonly name = 'ESP32-black-box-a'
  readonly gatt: GattServer = this
  connected = false
  connections = 0
  disconnects = 0
  readonly writes: Uint8Array[] = []
  readonly write: FakeCharacteristic
  readonly notify: FakeCharacteristic
  /** Which step fails, by the name of its method. */
  readonly broken = new Map<string, Error>()
  /** Which step never ends. */
  stuck = ''
  /** Writes that find somebody else's operation under way. */
  busyWrites = 0
  received: ((bytes: Uint8Array) => void) | undefined
  /** The browser remembers it, and has not heard it yet. */
  unheard = false
  /** How often it was listened for, and how often still. */
  readonly listening = { begun: 0, now: 0 }
  #underway = false

  constructor(properties: { readonly writeWithoutResponse: boolean } = { writeWithoutResponse: true }) {
    super()
    this.write = new FakeCharacteristic(this, properties)
    this.notify = new FakeCharacteristic(this, properties)
  }

  connect(): Promise<unknown> {
    this.connections += 1
    return this.operation('connect', () => {
      if (this.unheard) throw gattError('Bluetooth Device is no longer in range.')
      this.connected = true
    })
  }

  async watchAdvertisements({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    const broken = this.broken.get('watchAdvertisements')
    if (broken) throw broken
    this.listening.begun += 1
    this.listening.now += 1
    signal.addEventListener('abort', () => (this.listening.now -= 1))
  }

  /** One packet of the radio: the browser knows it again, and tells whoever listens. */
  advertise(): void {
    this.unheard = false
    if (this.listening.now > 0) this.dispatchEvent(new Event('advertisementreceived'))
  }

  disconnect(): void {
    this.disconnects += 1
    if (this.connected) this.lose()
  }

  /** Out of reach, or let go by the device. */
  lose(): void {
    this.connected = false
    this.dispatchEvent(new Event('gattserverdisconnected'))
  }

  getPrimaryService(uuid: string): Promise<GattService> {
    return this.operation('getPrimaryService', () => {
      if (uuid !== uartService) throw gattError('No Services matching UUID', 'NotFoundError')
      return this
    })
  }

  getCharacteristic(uuid: string): Promise<GattCharacteristic> {
    return this.operation('getCharacteristic', () => (uuid === uart.write ? this.write : this.notify))
  }

  async operation<T>(name: string, act: () => T): Promise<T> {
    if (this.#underway) throw gattError('GATT operation already in progress.')
    this.#underway = true
    // Two turns: long enough for a second operation to be in the way.
    await Promise.resolve()
    await Promise.resolve()
    this.#underway = false
    if (this.stuck === name) return new Promise(() => {})
    const broken = this.broken.get(name)
    if (broken) throw broken
    if (!this.connected && name !== 'connect') throw gattError('GATT Server is disconnected.')
    return act()
  }

  written(bytes: Uint8Array): void {
    if (bytes.length > 20) throw gattError('GATT Error: invalid attribute length.', 'NotSupportedError')
    this.writes.push(bytes)
    this.received?.(bytes)
  }
}

export class FakeCharacteristic extends EventTarget implements GattCharacteristic {
  readonly properties: { readonly writeWithoutResponse: boolean }
  value: DataView | undefined
  withResponse = 0
  subscribed = false
  readonly #gatt: FakeGatt

  constructor(gatt: FakeGatt, properties: { readonly writeWithoutResponse: boolean }) {
    super()
    this.#gatt = gatt
    this.properties = properties
  }

  startNotifications(): Promise<unknown> {
    return this.#gatt.operation('startNotifications', () => void (this.subscribed = true))
  }

  writeValueWithoutResponse(bytes: BufferSource): Promise<void> {
    return this.#write(bytes)
  }

  writeValueWithResponse(bytes: BufferSource): Promise<void> {
    this.withResponse += 1
    return this.#write(bytes)
  }

  /** One notification. The browser reuses its buffers, so this one does too. */
  notifies(bytes: Uint8Array): void {
    if (!this.subscribed || !this.#gatt.connected) return
    const buffer = Uint8Array.of(0xee, ...bytes, 0xee)
    this.value = new DataView(buffer.buffer, 1, bytes.length)
    this.dispatchEvent(new Event('characteristicvaluechanged'))
    buffer.fill(0xee)
  }

  #write(bytes: BufferSource): Promise<void> {
    const copy = new Uint8Array(bytes as Uint8Array<ArrayBuffer>)
    return this.#gatt.operation('write', () => {
      if (this.#gatt.busyWrites > 0) {
        this.#gatt.busyWrites -= 1
        throw gattError('GATT operation already in progress.')
      }
      this.#gatt.written(copy)
    })
  }
}

/** The firmware's end, as a channel: what the contract needs at the other side. */
export class FakeFirmware implements Channel {
  readonly medium = 'bluetooth'
  readonly carries = 'stream'
  readonly role = 'listener'
  readonly label = 'firmware'
  readonly messageBytesMax = 262_144
  readonly #gatt: FakeGatt
  readonly #inbox: ChannelInbox
  readonly #clock: Clock
  #bufferedBytes = 0
  #waiting = false

  constructor(gatt: FakeGatt, clock: Clock) {
    this.#gatt = gatt
    this.#clock = clock
    this.#inbox = new ChannelInbox({ clock, carries: 'stream', keptBytesMax: this.messageBytesMax, failed: () => gatt.lose() })
    gatt.received = (bytes) => this.#inbox.message(bytes)
    gatt.addEventListener('gattserverdisconnected', () => this.#inbox.close({ code: 'remote', detail: 'the central let go' }))
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (this.#inbox.closeReason !== undefined) return false
    this.#bufferedBytes += message.length
    this.#clock.soon(() => {
      for (let at = 0; at < message.length; at += notificationBytesMax)
        this.#gatt.notify.notifies(message.subarray(at, at + notificationBytesMax))
      this.#bufferedBytes -= message.length
      if (this.#waiting && this.#bufferedBytes === 0) {
        this.#waiting = false
        this.#inbox.drained()
      }
    })
    if (this.#bufferedBytes <= 4_096) return true
    this.#waiting = true
    return false
  }

  close(detail = ''): void {
    if (this.#inbox.closeReason !== undefined) return
    this.#inbox.close({ code: 'local', detail })
    this.#clock.soon(() => this.#gatt.lose())
  }
}
