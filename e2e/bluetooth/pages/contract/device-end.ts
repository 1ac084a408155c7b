import { ChannelInbox, deferred } from '@hopmesh/core'
import type { Channel, ChannelReceiver, Clock } from '@hopmesh/core'
import type { GattDevice } from '../../../../packages/browser/src/bluetooth/gatt.ts'

export interface DeviceEndOptions {
  readonly device: GattDevice
  /** To the test, where the firmware runs: see `contract-firmware.ts`. */
  readonly line: WebSocket
  readonly clock: Clock
}

const highWaterBytes = 4_096

/** The device's end of one connection, as a channel. What it hears and says goes through the test, which holds the device. */
export class DeviceEnd implements Channel {
  readonly medium = 'bluetooth'
  readonly carries = 'stream'
  readonly role = 'listener'
  readonly label = 'emulated device'
  readonly messageBytesMax = 262_144
  readonly #line: WebSocket
  readonly #inbox: ChannelInbox
  readonly #down = deferred<void>()
  #bufferedBytes = 0
  #waiting = false
  #letGo = false

  constructor({ device, line, clock }: DeviceEndOptions) {
    this.#line = line
    this.#inbox = new ChannelInbox({ clock, carries: 'stream', keptBytesMax: this.messageBytesMax, failed: () => this.#hangUp() })
    const ended = new AbortController()
    const { signal } = ended
    // A central that lets go is seen by nobody but the page: the emulator does not tell it to the device.
    const letGo = (): void => {
      this.#letGo = true
      line.send(`let go ${globalThis.readsBegun}`)
    }
    device.addEventListener('gattserverdisconnected', letGo, { signal })
    const heard = ({ data }: MessageEvent<ArrayBuffer | string>): void => {
      if (typeof data !== 'string') return this.#inbox.message(new Uint8Array(data))
      if (data !== 'down') return this.#told(Number(data))
      ended.abort()
      this.#inbox.close({ code: 'remote', detail: 'the central let go' })
      this.#down.resolve()
    }
    line.addEventListener('message', heard, { signal })
  }

  /** The connection is over at both sides, and all that was said has been heard. */
  get down(): Promise<void> {
    return this.#down.promise
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (this.#inbox.closeReason !== undefined) return false
    if (message.length === 0) return true
    this.#bufferedBytes += message.length
    this.#line.send(message as Uint8Array<ArrayBuffer>)
    this.#waiting = this.#bufferedBytes > highWaterBytes
    return !this.#waiting
  }

  close(detail = ''): void {
    if (this.#inbox.closeReason !== undefined) return
    this.#inbox.close({ code: 'local', detail })
    if (this.#bufferedBytes === 0) this.#hangUp()
  }

  /** So many bytes have been notified. */
  #told(length: number): void {
    this.#bufferedBytes -= length
    if (this.#bufferedBytes > 0) return
    if (this.#inbox.closeReason !== undefined) this.#hangUp()
    if (!this.#waiting) return
    this.#waiting = false
    this.#inbox.drained()
  }

  #hangUp(): void {
    if (!this.#letGo) this.#line.send('hang up')
  }
}
