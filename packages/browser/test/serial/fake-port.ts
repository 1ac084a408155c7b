import { ChannelInbox } from '@hopmesh/core'
import type { Channel, ChannelReceiver, Clock } from '@hopmesh/core'
import type { WebSerialPort } from '../../src/serial/web-serial.ts'

/** A serial port as strict as a browser's: it opens once, and closes only when nobody holds its streams. */
export class FakePort extends EventTarget implements WebSerialPort {
  readable: ReadableStream<Uint8Array> | null = null
  writable: WritableStream<Uint8Array> | null = null
  readonly writes: Uint8Array[] = []
  readonly rates: number[] = []
  closes = 0
  refuses: Error | undefined
  /** Writes wait until it is called. */
  gate: Promise<void> | undefined
  received: ((bytes: Uint8Array) => void) | undefined
  closed: (() => void) | undefined
  #line: ReadableStreamDefaultController<Uint8Array> | undefined

  async open({ baudRate }: { readonly baudRate: number }): Promise<void> {
    if (this.refuses) throw this.refuses
    if (this.writable) throw new DOMException('The port is already open.', 'InvalidStateError')
    this.rates.push(baudRate)
    this.#newLine()
    this.writable = new WritableStream({
      write: async (bytes) => {
        await this.gate
        this.writes.push(bytes)
        this.received?.(bytes)
      },
    })
  }

  async close(): Promise<void> {
    if (this.readable?.locked || this.writable?.locked) throw new TypeError('Cannot cancel a locked stream')
    this.closes += 1
    this.readable = null
    this.writable = null
    this.closed?.()
  }

  getInfo(): { usbVendorId: number; usbProductId: number } {
    return { usbVendorId: 0x2341, usbProductId: 0x43 }
  }

  says(bytes: Uint8Array): void {
    this.#line?.enqueue(bytes)
  }

  /** Noise on the line: this stream ends, the port has another one. */
  stumbles(): void {
    const line = this.#line
    this.#newLine()
    line?.error(new DOMException('framing error', 'FramingError'))
  }

  unplug(): void {
    const line = this.#line
    this.#line = undefined
    this.readable = null
    line?.error(new DOMException('The device has been lost.', 'NetworkError'))
    this.dispatchEvent(new Event('disconnect'))
  }

  #newLine(): void {
    this.readable = new ReadableStream<Uint8Array>({
      start: (line) => {
        this.#line = line
      },
      cancel: () => void (this.#line = undefined),
    })
  }
}

/** The sketch's end of the cable, as a channel: what the contract needs at the other side. */
export class FakeBoard implements Channel {
  readonly medium = 'serial'
  readonly carries = 'stream'
  readonly role = 'listener'
  readonly label = 'board'
  readonly messageBytesMax = 262_144
  readonly #port: FakePort
  readonly #inbox: ChannelInbox
  readonly #clock: Clock

  constructor(port: FakePort, clock: Clock) {
    this.#port = port
    this.#clock = clock
    this.#inbox = new ChannelInbox({ clock, carries: 'stream', keptBytesMax: this.messageBytesMax, failed: () => port.unplug() })
    port.received = (bytes) => this.#inbox.message(bytes)
    port.closed = () => this.#inbox.close({ code: 'remote', detail: 'the port was closed' })
  }

  get bufferedBytes(): number {
    return 0
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (this.#inbox.closeReason !== undefined) return false
    if (message.length > 0) this.#clock.soon(() => this.#port.says(message))
    return true
  }

  close(detail = ''): void {
    if (this.#inbox.closeReason !== undefined) return
    this.#inbox.close({ code: 'local', detail })
    this.#clock.soon(() => this.#port.unplug())
  }
}
