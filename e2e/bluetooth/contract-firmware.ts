import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { EmulatedPeripheral, Firmware, UartLink } from './emulated-adapter.ts'

const notificationBytesMax = 20

/** Firmware that does what a page tells it over a line of its own: the page runs both ends of a channel, one of them here. */
export class ContractFirmware implements Firmware {
  /** The device that it runs in. */
  device: EmulatedPeripheral | undefined
  readonly #server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  #line: WebSocket | undefined
  #link: UartLink | undefined

  async start(): Promise<this> {
    this.#server.on('connection', (line) => {
      this.#line = line
      line.on('message', (data: Buffer, isBinary) => void (isBinary ? this.#say(data, line) : this.#obey(data.toString(), line)))
    })
    await once(this.#server, 'listening')
    return this
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  connected(link: UartLink): void {
    this.#link = link
  }

  received(bytes: Buffer): void {
    this.#line?.send(bytes)
  }

  disconnected(): void {
    this.#link = undefined
  }

  close(): void {
    this.#line?.terminate()
    this.#server.close()
  }

  async #say(bytes: Buffer, line: WebSocket): Promise<void> {
    let told: Promise<void> | undefined
    for (let start = 0; start < bytes.length; start += notificationBytesMax)
      told = this.#link?.notify(bytes.subarray(start, start + notificationBytesMax))
    await told
    line.send(String(bytes.length))
  }

  async #obey(order: string, line: WebSocket): Promise<void> {
    if (order === 'hang up') return this.device?.hangUp()
    await this.device?.letGo(Number(order.replace('let go ', '')))
    line.send('down')
  }
}
