// A channel over whatever takes a few bytes at a time: a GATT characteristic, a serial port. It is a stream: what is sent
// is cut into writes as the device takes them, one after the other, for a second write beside the first one fails.

import { ChannelInbox, MeshError } from '@hopmesh/core'
import type { Channel, ChannelReceiver, Clock, CloseReason } from '@hopmesh/core'
import { bufferedBytesMax, closingTimeoutMs, messageBytesMax, writeTimeoutMs } from './limits.ts'
import { OutgoingBytes } from './outgoing-bytes.ts'

/** The way to a device. */
export interface DevicePipe {
  /** Never called again before it has settled. Rejects when these bytes did not leave. */
  write(bytes: Uint8Array<ArrayBuffer>): Promise<unknown>
  /** Ends the connection; once. What it throws is of no interest any more. */
  hangUp(): void
}

export interface DeviceChannelOptions {
  readonly clock: Clock
  readonly medium: 'bluetooth' | 'serial'
  readonly label: string
  readonly writeBytesMax: number
  readonly highWaterBytes: number
  readonly lowWaterBytes: number
  readonly pipe: DevicePipe
}

export class DeviceChannel implements Channel {
  readonly medium: 'bluetooth' | 'serial'
  readonly carries = 'stream'
  readonly role = 'dialer'
  readonly label: string
  readonly messageBytesMax: number = messageBytesMax
  readonly #options: DeviceChannelOptions
  readonly #inbox: ChannelInbox
  readonly #outgoing = new OutgoingBytes()
  #underwayBytes = 0
  #pumping = false
  #waiting = false
  #gone = false
  #stopClosing: (() => void) | undefined

  constructor(options: DeviceChannelOptions) {
    this.medium = options.medium
    this.label = options.label
    this.#options = options
    this.#inbox = new ChannelInbox({
      clock: options.clock,
      carries: 'stream',
      keptBytesMax: messageBytesMax,
      failed: () => this.#hangUp(),
    })
  }

  get bufferedBytes(): number {
    return this.#outgoing.length + this.#underwayBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (message.length > messageBytesMax) {
      throw new MeshError('TOO_LARGE', `A ${this.medium} message of ${message.length} bytes; ${messageBytesMax} is the most`)
    }
    if (this.#inbox.closeReason !== undefined) return false
    if (this.bufferedBytes + message.length > bufferedBytesMax) {
      // Nothing may be lost silently, so a channel that must lose something is over.
      this.lost(`more than ${bufferedBytesMax} bytes wait for the device`)
      return false
    }
    this.#outgoing.push(message)
    this.#pumpSoon()
    if (this.bufferedBytes <= this.#options.highWaterBytes) return true
    this.#waiting = true
    return false
  }

  close(detail = 'closed here'): void {
    const before = this.#inbox.closeReason
    this.#inbox.close({ code: 'local', detail })
    if (before !== undefined) return
    if (this.bufferedBytes === 0) return this.#hangUp()
    this.#stopClosing = this.#options.clock.setTimer(closingTimeoutMs, () => this.#hangUp())
  }

  /** Without waiting for what is queued: a page that goes away has no time. */
  closeNow(detail: string): void {
    this.#inbox.close({ code: 'local', detail })
    this.#hangUp()
  }

  /** From the device. Never inside `write`. */
  received(bytes: Uint8Array): void {
    this.#inbox.message(bytes)
  }

  /** The device is gone. */
  lost(detail: string): void {
    const reason: CloseReason = { code: 'lost', detail }
    this.#inbox.close(reason)
    this.#hangUp()
  }

  /** What is sent in one turn shares its writes. */
  #pumpSoon(): void {
    if (this.#pumping || this.bufferedBytes === 0) return
    this.#pumping = true
    this.#options.clock.soon(() => void this.#pump())
  }

  async #pump(): Promise<void> {
    while (this.#outgoing.length > 0 && !this.#gone) {
      const bytes = this.#outgoing.take(this.#options.writeBytesMax)
      this.#underwayBytes = bytes.length
      const failure = await this.#write(bytes)
      this.#underwayBytes = 0
      if (failure !== undefined) return this.lost(failure)
      if (this.#waiting && this.bufferedBytes <= this.#options.lowWaterBytes) {
        this.#waiting = false
        this.#inbox.drained()
      }
    }
    this.#pumping = false
    if (this.#inbox.closeReason !== undefined) this.#hangUp()
  }

  /** Why it failed; undefined when it did not. */
  #write(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    return new Promise((resolve) => {
      const stopTimer = this.#options.clock.setTimer(writeTimeoutMs, () => resolve(`the device took no bytes for ${writeTimeoutMs} ms`))
      const settle = (failure?: string): void => {
        stopTimer()
        resolve(failure)
      }
      const failed = (error: unknown): void => settle(`a write failed: ${error instanceof Error ? error.message : String(error)}`)
      try {
        this.#options.pipe.write(bytes).then(() => settle(), failed)
      } catch (error) {
        failed(error)
      }
    })
  }

  #hangUp(): void {
    if (this.#gone) return
    this.#gone = true
    this.#stopClosing?.()
    this.#outgoing.clear()
    try {
      this.#options.pipe.hangUp()
    } catch {
      // It is gone already.
    }
  }
}
