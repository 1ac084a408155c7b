// A channel over a serial port: USB, mostly. The port is a pair of streams; reading goes on for as long as the browser
// offers a next one, because noise on the line ends a stream and not the port.

import { MeshError } from '@hopmesh/core'
import type { Channel, Clock } from '@hopmesh/core'
import { DeviceChannel } from '../devices/device-channel.ts'
import { closingTimeoutMs } from '../devices/limits.ts'
import type { PageLife } from '../page-life.ts'
import { baudRate, highWaterBytes, lowWaterBytes, writeBytesMax } from './limits.ts'
import type { WebSerialPort } from './web-serial.ts'

export interface SerialOpenOptions {
  readonly clock: Clock
  readonly name: string
  readonly signal: AbortSignal
  readonly life?: PageLife | undefined
}

/** Rejects with LINK_FAILED (another tab or program has it, it is unplugged) or ABORTED. */
export async function openSerialChannel(port: WebSerialPort, options: SerialOpenOptions): Promise<Channel> {
  const { name, signal } = options
  try {
    await port.open({ baudRate })
  } catch (error) {
    const why = `it does not open, another tab or program may have it: ${error instanceof Error ? error.message : String(error)}`
    throw new MeshError('LINK_FAILED', `No serial link with ${name}: ${why}`, { cause: error, tried: [`serial ${name}: ${why}`] })
  }
  const writer = port.writable?.getWriter()
  if (signal.aborted || !writer) {
    writer?.releaseLock()
    await port.close().catch(() => {})
    if (signal.aborted) throw new MeshError('ABORTED', `The connection to ${name} was given up`)
    throw new MeshError('LINK_FAILED', `No serial link with ${name}: it takes no bytes`)
  }
  return new SerialConversation(port, writer, options).channel
}

class SerialConversation {
  readonly channel: DeviceChannel
  readonly #port: WebSerialPort
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #clock: Clock
  readonly #ended = new AbortController()
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined

  constructor(port: WebSerialPort, writer: WritableStreamDefaultWriter<Uint8Array>, { clock, name, life }: SerialOpenOptions) {
    this.#port = port
    this.#writer = writer
    this.#clock = clock
    this.channel = new DeviceChannel({
      clock,
      medium: 'serial',
      label: `serial ${name}`,
      writeBytesMax,
      highWaterBytes,
      lowWaterBytes,
      pipe: { write: (bytes) => writer.write(bytes), hangUp: () => this.#hangUp() },
    })
    const { signal } = this.#ended
    port.addEventListener('disconnect', () => this.channel.lost('the port was unplugged'), { signal })
    const forget = life?.track(() => this.channel.closeNow('the page was left'))
    signal.addEventListener('abort', () => forget?.())
    void this.#read()
  }

  async #read(): Promise<void> {
    let why = 'the port is gone'
    // Each round has a new stream, or the line has nothing more to say.
    for (let last: unknown; this.#port.readable && this.#port.readable !== last && !this.#ended.signal.aborted;) {
      last = this.#port.readable
      const reader = this.#port.readable.getReader()
      this.#reader = reader
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) this.channel.received(next.value)
      } catch (error) {
        why = error instanceof Error ? error.message : String(error)
      } finally {
        reader.releaseLock()
      }
    }
    this.channel.lost(why)
  }

  #hangUp(): void {
    this.#ended.abort()
    void this.#closePort()
  }

  /** A port closes only when nobody holds its streams, also when one of them is broken already. */
  async #closePort(): Promise<void> {
    const steps = [() => this.#reader?.cancel(), () => this.#flush(), async () => this.#writer.releaseLock(), () => this.#port.close()]
    for (const step of steps) {
      try {
        await step()
      } catch {
        // It is gone already.
      }
    }
  }

  /** What the browser took still goes down the line, unless the board takes no more. */
  #flush(): Promise<void> {
    return new Promise((resolve) => {
      const stopTimer = this.#clock.setTimer(closingTimeoutMs, () => {
        // Not waited for: an abort waits for the write that never ends.
        this.#writer.abort().catch(() => {})
        resolve()
      })
      const over = (): void => {
        stopTimer()
        resolve()
      }
      this.#writer.close().then(over, over)
    })
  }
}
