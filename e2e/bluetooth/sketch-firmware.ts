import { fromFrame, toPacket } from '../support/plain-wire.ts'
import type { PlainPacket } from '../support/plain-wire.ts'
import type { Firmware, UartLink } from './emulated-adapter.ts'

const route = 1
const service = 2
const query = 3
const end = 0xc0
/** What one notification of the ESP32 holds. */
const notificationBytesMax = 20
/** What no notification of any device exceeds. */
const attributeBytesMax = 512

export interface SketchOptions {
  /** Default: the address in the stock sketch. */
  readonly name?: string
  /** What it writes every two seconds, by turns. */
  readonly readings?: readonly string[]
  /** After the last reading it begins anew. Default true, as the stock sketch does. */
  readonly repeats?: boolean
  /** The stock sketch offers nothing; a line more makes it offer this. Undefined: no answer. */
  readonly services?: Readonly<Record<string, (data: string) => string | undefined>>
  /** Where notifications are cut, by turns. Default: when 20 bytes have gathered, and at the end of a frame. */
  readonly cuts?: readonly number[]
}

/**
 * The ESP32 sketch with the Nordic UART, byte for byte as it speaks: it answers a query with its route, writes a reading to
 * `log` every two seconds without a destination, escapes nothing, and its parser reads an escaped END as END and ESC.
 */
export class SketchFirmware implements Firmware {
  readonly name: string
  /** What it understood, in order. */
  readonly heard: PlainPacket[] = []
  /** Bytes of each write, and when it came, for those who count. */
  readonly writes: { readonly length: number; readonly at: number }[] = []
  /** How often a central has subscribed. */
  connections = 0
  readonly #options: SketchOptions
  #link: UartLink | undefined
  #rest: number[] = []
  #timer: NodeJS.Timeout | undefined
  #reading = 0
  #cut = 0

  constructor(options: SketchOptions = {}) {
    this.#options = options
    this.name = options.name ?? 'ESP32-black-box-a'
  }

  connected(link: UartLink): void {
    this.#link = link
    this.connections += 1
    this.#timer = setInterval(() => this.#log(), 2_000)
  }

  disconnected(): void {
    clearInterval(this.#timer)
    this.#link = undefined
    this.#rest = []
  }

  received(bytes: Buffer): void {
    this.writes.push({ length: bytes.length, at: performance.now() })
    for (const byte of bytes) {
      if (byte !== end) {
        this.#rest.push(byte)
        continue
      }
      const frame = Buffer.from(this.#rest)
      this.#rest = []
      if (frame.length > 0) this.#hear(frame)
    }
  }

  /** Writes these bytes to the central as they are. */
  write(bytes: Buffer): void {
    const { cuts = [notificationBytesMax] } = this.#options
    for (let start = 0; start < bytes.length;) {
      const length = Math.min(notificationBytesMax, cuts[this.#cut++ % cuts.length] ?? notificationBytesMax)
      void this.#link?.notify(bytes.subarray(start, start + length))
      start += length
    }
  }

  /** Writes a packet as the sketch does: as it is, and an END. */
  send(packet: PlainPacket): void {
    this.write(Buffer.concat([toPacket(packet), Buffer.of(end)]))
  }

  /** As `write`, in the largest notifications that Bluetooth LE has. */
  writeLong(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += attributeBytesMax)
      void this.#link?.notify(bytes.subarray(start, start + attributeBytesMax))
  }

  /** The battery goes in the middle of this packet. */
  writeHalf(packet: PlainPacket): void {
    const bytes = toPacket(packet)
    this.write(bytes.subarray(0, bytes.length / 2))
  }

  #log(): void {
    const { readings = ['53.33*F'], repeats = true } = this.#options
    if (!repeats && this.#reading >= readings.length) return
    const reading = readings[this.#reading++ % readings.length] ?? ''
    this.send({ srv: 'log', src: this.name, data: Buffer.from(reading) })
  }

  #hear(frame: Buffer): void {
    let packet: PlainPacket
    try {
      packet = fromFrame(Buffer.from(frame.toString('latin1').replaceAll('\xdb\xdc', '\xdb\xdc\xdb\xdd'), 'latin1'))
    } catch {
      return
    }
    this.heard.push(packet)
    if (packet.net === query) this.#advertise()
    const answer = packet.net === undefined && packet.srv !== undefined ? this.#options.services?.[packet.srv] : undefined
    if (answer === undefined || packet.src === undefined) return
    const words = answer(Buffer.from(packet.data ?? []).toString())
    if (words === undefined) return
    this.send({ src: this.name, dst: packet.src, ...(packet.ctx === undefined ? {} : { ctx: packet.ctx }), data: Buffer.from(words) })
  }

  #advertise(): void {
    const name = Buffer.from(this.name)
    this.send({ net: route, src: this.name, data: Buffer.concat([Buffer.of(name.length), name, Buffer.of(0, 1)]) })
    for (const offered of Object.keys(this.#options.services ?? {})) {
      const text = Buffer.from(offered)
      this.send({
        net: service,
        src: this.name,
        data: Buffer.concat([Buffer.of(name.length), name, Buffer.of(text.length), text, Buffer.of(0, 1)]),
      })
    }
  }
}
