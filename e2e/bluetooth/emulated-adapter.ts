import type { Browser, CDPSession } from '@playwright/test'

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
  /** One notification. The firmware itself cuts its bytes to what a notification holds. */
  notify(value: Buffer): void
}

const clientConfiguration = '00002902-0000-1000-8000-00805f9b34fb'
const success = 0
const connectionFailed = 0x3e
const unlikelyError = 0x0e

type Operation = 'read' | 'write' | 'subscribe-to-notifications' | 'unsubscribe-from-notifications'

/**
 * A device of the emulated adapter. Chromium's emulator pushes no notifications, but the answer to a read fires the very
 * event that a notification fires: pages under test keep one read waiting (see `notification-pump.ts`), and each
 * notification is the answer to it.
 */
export class EmulatedPeripheral {
  readonly address: string
  readonly name: string
  readonly #session: CDPSession
  readonly #firmware: Firmware
  readonly #queue: Buffer[] = []
  #write = ''
  #notify = ''
  #subscribed = false
  #reading = false
  #inReach = true
  #asked: () => void = () => {}

  constructor(session: CDPSession, options: { readonly address: string; readonly name: string; readonly firmware: Firmware }) {
    this.#session = session
    this.address = options.address
    this.name = options.name
    this.#firmware = options.firmware
  }

  /** How many bytes have not been notified yet. */
  get waitingBytes(): number {
    return this.#queue.reduce((sum, value) => sum + value.length, 0)
  }

  /** Out of reach: the connection is lost, and none is taken until `comeBack`. */
  async lose(): Promise<void> {
    this.#inReach = false
    await this.fallSilent()
    await this.#session.send('BluetoothEmulation.simulateGATTDisconnection', { address: this.address })
    // The emulator forgets what was discovered.
    this.#write = ''
    this.#notify = ''
    this.ended()
  }

  /** To be called before its page is closed: a read that still waits when the link goes would take the browser with it. */
  async fallSilent(): Promise<void> {
    if (!this.#subscribed) return
    // The next read may be under way still: as long as a page is subscribed, one comes.
    if (!this.#reading) await new Promise<void>((resolve) => (this.#asked = resolve))
    this.#reading = false
    await this.#answer(this.#notify, 'read', { code: unlikelyError })
  }

  comeBack(): void {
    this.#inReach = true
  }

  /** The central has let go, or was lost. */
  ended(): void {
    if (!this.#subscribed) return
    this.#subscribed = false
    this.#reading = false
    this.#asked()
    this.#queue.length = 0
    this.#firmware.disconnected()
  }

  async gattOperation(type: 'connection' | 'discovery'): Promise<void> {
    if (type === 'connection') this.ended()
    else await this.#offerUart()
    const code = this.#inReach ? success : connectionFailed
    await this.#session.send('BluetoothEmulation.simulateGATTOperationResponse', { address: this.address, type, code })
  }

  /** Returns whether the characteristic is one of this device. */
  owns(characteristicId: string): boolean {
    return characteristicId !== '' && (characteristicId === this.#write || characteristicId === this.#notify)
  }

  async characteristicOperation(characteristicId: string, operation: Operation, data: string | undefined): Promise<void> {
    if (operation === 'read') {
      this.#reading = true
      this.#asked()
      await this.#deliver()
      return
    }
    if (operation === 'write') this.#firmware.received(Buffer.from(data ?? '', 'base64'))
    await this.#answer(characteristicId, operation, { code: success })
    if (operation === 'unsubscribe-from-notifications') this.ended()
    if (operation !== 'subscribe-to-notifications' || this.#subscribed) return
    this.#subscribed = true
    this.#firmware.connected({ notify: (value) => this.#push(value) })
  }

  #push(value: Buffer): void {
    if (!this.#subscribed) return
    this.#queue.push(value)
    void this.#deliver()
  }

  async #deliver(): Promise<void> {
    if (!this.#reading || !this.#inReach) return
    const value = this.#queue.shift()
    if (value === undefined) return
    this.#reading = false
    await this.#answer(this.#notify, 'read', { code: success, data: value.toString('base64') })
  }

  async #answer(characteristicId: string, type: Operation, result: { readonly code: number; readonly data?: string }): Promise<void> {
    try {
      await this.#session.send('BluetoothEmulation.simulateCharacteristicOperationResponse', { characteristicId, type, ...result })
    } catch (error) {
      // The page or the link went while the answer was on its way: nobody waits for it any more.
      if (this.#subscribed && !/not found|no pending|closed|Invalid/i.test(String(error))) throw error
    }
  }

  async #offerUart(): Promise<void> {
    if (this.#notify !== '') return
    const { serviceId } = await this.#session.send('BluetoothEmulation.addService', { address: this.address, serviceUuid: uart.service })
    const add = async (characteristicUuid: string, properties: Record<string, true>): Promise<string> => {
      const { characteristicId } = await this.#session.send('BluetoothEmulation.addCharacteristic', { serviceId, characteristicUuid, properties })
      return characteristicId
    }
    this.#write = await add(uart.write, { writeWithoutResponse: true })
    this.#notify = await add(uart.notify, { notify: true, read: true })
    await this.#session.send('BluetoothEmulation.addDescriptor', { characteristicId: this.#notify, descriptorUuid: clientConfiguration })
  }
}

/** The Bluetooth adapter of a browser, as Chromium emulates it: real Web Bluetooth in the page, no radio behind it. */
export class EmulatedAdapter {
  readonly #session: CDPSession
  readonly #peripherals: EmulatedPeripheral[] = []

  private constructor(session: CDPSession) {
    this.#session = session
    session.on('BluetoothEmulation.gattOperationReceived', ({ address, type }) => {
      void this.#peripherals.find((each) => each.address === address)?.gattOperation(type)
    })
    session.on('BluetoothEmulation.characteristicOperationReceived', ({ characteristicId, type, data }) => {
      void this.#peripherals.find((each) => each.owns(characteristicId))?.characteristicOperation(characteristicId, type, data)
    })
  }

  static async start(browser: Browser): Promise<EmulatedAdapter> {
    const session = await browser.newBrowserCDPSession()
    await session.send('BluetoothEmulation.enable', { state: 'powered-on', leSupported: true })
    return new EmulatedAdapter(session)
  }

  /** All devices fall silent. */
  stop(): void {
    for (const peripheral of this.#peripherals) peripheral.ended()
  }

  /** A device comes into reach. */
  async add(name: string, firmware: Firmware): Promise<EmulatedPeripheral> {
    const address = `09:09:09:09:09:${String(this.#peripherals.length + 1).padStart(2, '0')}`
    const peripheral = new EmulatedPeripheral(this.#session, { address, name, firmware })
    this.#peripherals.push(peripheral)
    await this.#session.send('BluetoothEmulation.simulatePreconnectedPeripheral', { address, name, manufacturerData: [], knownServiceUuids: [uart.service] })
    return peripheral
  }
}
