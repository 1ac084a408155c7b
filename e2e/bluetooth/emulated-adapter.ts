import type { Browser } from '@playwright/test'
import { BrowserProtocol } from './browser-protocol.ts'

/** Nordic UART: a central writes to one characteristic and is notified by the other. */
export const uart = {
  service: '6e400001-b5a3-f393-e0a9-e50e24dcca9e',
  write: '6e400002-b5a3-f393-e0a9-e50e24dcca9e',
  notify: '6e400003-b5a3-f393-e0a9-e50e24dcca9e',
} as const

/** What runs inside a device. */
export interface Firmware {
  /** A central is connected and has subscribed. */
  connected(link: UartLink): void
  /** One write of the central. */
  received(bytes: Buffer): void
  disconnected(): void
}

export interface UartLink {
  /** One notification; resolves when the central has it, or never will. The firmware itself cuts its bytes to what one holds. */
  notify(value: Buffer): Promise<void>
}

const clientConfiguration = '00002902-0000-1000-8000-00805f9b34fb'
const success = 0
const connectionFailed = 0x3e
const unlikelyError = 0x0e

interface Waiting {
  readonly value: Buffer
  told(): void
}

type Operation = 'read' | 'write' | 'subscribe-to-notifications' | 'unsubscribe-from-notifications'

/**
 * A device of the emulated adapter. Chromium's emulator pushes no notifications, but the answer to a read fires the very
 * event that a notification fires: pages under test keep one read waiting (see `notification-pump.ts`), and each
 * notification is the answer to it.
 */
export class EmulatedPeripheral {
  readonly address: string
  readonly name: string
  readonly #protocol: BrowserProtocol
  readonly #firmware: Firmware
  readonly #queue: Waiting[] = []
  #write = ''
  #notify = ''
  #subscribed = false
  #reading = false
  #reads = 0
  #inReach = true
  #asked: () => void = () => {}

  constructor(protocol: BrowserProtocol, options: { readonly address: string; readonly name: string; readonly firmware: Firmware }) {
    this.#protocol = protocol
    this.address = options.address
    this.name = options.name
    this.#firmware = options.firmware
  }

  /** How many bytes have not been notified yet. */
  get waitingBytes(): number {
    return this.#queue.reduce((sum, { value }) => sum + value.length, 0)
  }

  /** One packet of the radio that says who is there, for browsers that listen to it. */
  async advertise(): Promise<void> {
    // All of them, or the emulator takes its browser along.
    const scanRecord = { name: this.name, uuids: [uart.service], appearance: 0, txPower: 0, manufacturerData: [] }
    await this.#protocol.send('BluetoothEmulation.simulateAdvertisement', { entry: { deviceAddress: this.address, rssi: -50, scanRecord } })
  }

  /** Out of reach: the connection is lost, and none is taken until `comeBack`. */
  async lose(): Promise<void> {
    this.#inReach = false
    await this.hangUp()
  }

  /** Ends the connection; the next one is welcome. */
  async hangUp(): Promise<void> {
    await this.fallSilent()
    await this.#disconnect()
  }

  /**
   * The central has let go after so many reads. The emulator does not tell the device, and would go on with the old
   * connection when the central comes back.
   */
  async letGo(readsBegun: number): Promise<void> {
    while (this.#subscribed && this.#reads < readsBegun) await this.#nextRead()
    await this.#refuseRead()
    if (this.#subscribed) await this.#disconnect()
  }

  /** To be called before its page is closed: a read that still waits when the link goes would take the browser with it. */
  async fallSilent(): Promise<void> {
    if (!this.#subscribed) return
    // The next read may be under way still: as long as a page is subscribed, one comes.
    if (!this.#reading) await this.#nextRead()
    await this.#refuseRead()
  }

  comeBack(): void {
    this.#inReach = true
  }

  /** The browser has forgotten what it discovered. */
  forgotten(): void {
    this.#write = ''
    this.#notify = ''
    this.#ended()
  }

  async gattOperation(type: 'connection' | 'discovery'): Promise<void> {
    if (type === 'connection') {
      // A read of before would be in the way of the next one.
      await this.#refuseRead()
      this.#ended()
    } else await this.#offerUart()
    const code = this.#inReach ? success : connectionFailed
    await this.#protocol.send('BluetoothEmulation.simulateGATTOperationResponse', { address: this.address, type, code })
  }

  /** Returns whether the characteristic is one of this device. */
  owns(characteristicId: string): boolean {
    return characteristicId !== '' && (characteristicId === this.#write || characteristicId === this.#notify)
  }

  async characteristicOperation(characteristicId: string, operation: Operation, data: string | undefined): Promise<void> {
    if (operation === 'read') {
      this.#reading = true
      this.#reads += 1
      this.#asked()
      await this.#deliver()
      return
    }
    if (operation === 'write') this.#firmware.received(Buffer.from(data ?? '', 'base64'))
    if (operation === 'subscribe-to-notifications') this.#begin()
    await this.#answer(characteristicId, operation, { code: success })
    if (operation === 'unsubscribe-from-notifications') this.#ended()
  }

  async #disconnect(): Promise<void> {
    await this.#protocol.send('BluetoothEmulation.simulateGATTDisconnection', { address: this.address })
    // The emulator forgets what was discovered.
    this.forgotten()
  }

  #begin(): void {
    if (this.#subscribed) return
    this.#subscribed = true
    this.#firmware.connected({ notify: (value) => this.#push(value) })
  }

  #ended(): void {
    this.#reading = false
    if (!this.#subscribed) return
    this.#subscribed = false
    this.#asked()
    for (const { told } of this.#queue.splice(0)) told()
    this.#firmware.disconnected()
  }

  #push(value: Buffer): Promise<void> {
    if (!this.#subscribed) return Promise.resolve()
    return new Promise((told) => {
      this.#queue.push({ value, told })
      void this.#deliver()
    })
  }

  async #deliver(): Promise<void> {
    if (!this.#reading || !this.#inReach) return
    const next = this.#queue.shift()
    if (next === undefined) return
    this.#reading = false
    await this.#answer(this.#notify, 'read', { code: success, data: next.value.toString('base64') })
    next.told()
  }

  /** Or the end of the connection. */
  #nextRead(): Promise<void> {
    return new Promise((resolve) => (this.#asked = resolve))
  }

  async #refuseRead(): Promise<void> {
    if (!this.#reading) return
    this.#reading = false
    await this.#answer(this.#notify, 'read', { code: unlikelyError })
  }

  async #answer(characteristicId: string, type: Operation, result: { readonly code: number; readonly data?: string }): Promise<void> {
    try {
      await this.#protocol.send('BluetoothEmulation.simulateCharacteristicOperationResponse', { characteristicId, type, ...result })
    } catch {
      // The page, the link or the browser went while the answer was on its way: nobody waits for it any more.
    }
  }

  async #offerUart(): Promise<void> {
    if (this.#notify !== '') return
    const { serviceId } = await this.#protocol.send<{ serviceId: string }>('BluetoothEmulation.addService', {
      address: this.address,
      serviceUuid: uart.service,
    })
    const add = async (characteristicUuid: string, properties: Record<string, true>): Promise<string> => {
      const added = { serviceId, characteristicUuid, properties }
      const { characteristicId } = await this.#protocol.send<{ characteristicId: string }>('BluetoothEmulation.addCharacteristic', added)
      return characteristicId
    }
    this.#write = await add(uart.write, { writeWithoutResponse: true })
    this.#notify = await add(uart.notify, { notify: true, read: true })
    await this.#protocol.send('BluetoothEmulation.addDescriptor', { characteristicId: this.#notify, descriptorUuid: clientConfiguration })
  }
}

interface GattOperation {
  readonly address: string
  readonly type: 'connection' | 'discovery'
}

interface CharacteristicOperation {
  readonly characteristicId: string
  readonly type: Operation
  readonly data?: string
}

/** The Bluetooth adapter of a browser, as Chromium emulates it: real Web Bluetooth in the page, no radio behind it. */
export class EmulatedAdapter {
  readonly #protocol: BrowserProtocol
  readonly #peripherals: EmulatedPeripheral[] = []

  private constructor(protocol: BrowserProtocol) {
    this.#protocol = protocol
    protocol.on('BluetoothEmulation.gattOperationReceived', ({ address, type }: GattOperation) => {
      void this.#peripherals.find((each) => each.address === address)?.gattOperation(type)
    })
    protocol.on('BluetoothEmulation.characteristicOperationReceived', ({ characteristicId, type, data }: CharacteristicOperation) => {
      void this.#peripherals.find((each) => each.owns(characteristicId))?.characteristicOperation(characteristicId, type, data)
    })
  }

  static async start(browser: Browser): Promise<EmulatedAdapter> {
    const adapter = new EmulatedAdapter(await BrowserProtocol.connect(browser))
    await adapter.#switchOn()
    return adapter
  }

  /** All devices fall silent. */
  stop(): void {
    for (const peripheral of this.#peripherals) peripheral.forgotten()
    this.#protocol.close()
  }

  /** A device comes into reach. */
  async add(name: string, firmware: Firmware): Promise<EmulatedPeripheral> {
    const address = `09:09:09:09:09:${String(this.#peripherals.length + 1).padStart(2, '0')}`
    const peripheral = new EmulatedPeripheral(this.#protocol, { address, name, firmware })
    this.#peripherals.push(peripheral)
    await this.#protocol.send('BluetoothEmulation.simulatePreconnectedPeripheral', {
      address,
      name,
      manufacturerData: [],
      knownServiceUuids: [uart.service],
    })
    return peripheral
  }

  /** Off and on again: no device is known to the browser until it advertises. */
  async restart(): Promise<void> {
    for (const peripheral of this.#peripherals) peripheral.forgotten()
    await this.#protocol.send('BluetoothEmulation.disable')
    await this.#switchOn()
  }

  async #switchOn(): Promise<void> {
    await this.#protocol.send('BluetoothEmulation.enable', { state: 'powered-on', leSupported: true })
  }
}
