import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from '@playwright/test'
import { WebSocket } from 'ws'
import { fromFrame, fromJson, toFrame, toJson } from './plain-wire.ts'
import type { PlainPacket } from './plain-wire.ts'

interface Pipe {
  /** All in one write. */
  send(packets: readonly PlainPacket[]): void
  close(): void
}

const route = 1
const service = 2
const query = 3
const networkError = 255

/** A plain ALN node on a script: it says what such nodes say when they connect, and knows nothing of hopmesh. */
export class PlainPeer {
  readonly address: string
  /** Everything that was heard, in order. */
  readonly heard: PlainPacket[] = []
  readonly #offered = new Map<string, (data: string) => string>()
  #pipe: Pipe | undefined
  #lastContext = 16

  constructor(address: string) {
    this.address = address
  }

  offer(name: string, answer: (data: string) => string): this {
    this.#offered.set(name, answer)
    return this
  }

  async connectTcp(port: number): Promise<this> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    socket.on('error', () => socket.destroy())
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (let end = rest.indexOf(0xc0); end >= 0; end = rest.indexOf(0xc0)) {
        const frame = rest.subarray(0, end)
        rest = rest.subarray(end + 1)
        if (frame.length > 0) this.#hear(fromFrame(frame))
      }
    })
    return this.#begin({
      send: (packets) => socket.write(Buffer.concat(packets.map(toFrame))),
      close: () => socket.destroy(),
    })
  }

  async connectWebSocket(url: string): Promise<this> {
    const socket = new WebSocket(url)
    // What comes with the answer to the upgrade is told in the same turn.
    socket.on('message', (data: Buffer) => this.#hear(fromJson(data.toString())))
    await once(socket, 'open')
    return this.#begin({
      send: (packets) => packets.forEach((packet) => socket.send(toJson(packet))),
      close: () => socket.close(),
    })
  }

  close(): void {
    this.#pipe?.close()
  }

  /** Waits until somebody is heard to offer the service. */
  async finds(name: string, provider: string): Promise<void> {
    await expect.poll(() => this.#providers(name), { message: `${name} of ${provider} is heard of` }).toContain(provider)
  }

  /** Calls as plain nodes do, with a context, and waits for the packet that brings it back. */
  async call(name: string, provider: string, data: string): Promise<string> {
    const ctx = ++this.#lastContext
    this.#pipe?.send([{ srv: name, src: this.address, dst: provider, ctx, data: Buffer.from(data) }])
    const answer = (): PlainPacket | undefined =>
      this.heard.find((packet) => packet.ctx === ctx && packet.net === undefined && packet.srv === undefined)
    await expect.poll(answer, { message: `${provider} answers ${name}` }).toBeDefined()
    const reply = answer()
    expect(reply).toMatchObject({ src: provider, dst: this.address })
    // Some of the family die of a data type.
    expect(reply?.typ).toBeUndefined()
    return Buffer.from(reply?.data ?? []).toString()
  }

  #begin(pipe: Pipe): this {
    this.#pipe = pipe
    pipe.send([{ net: query }, ...this.#adverts()])
    return this
  }

  #adverts(): PlainPacket[] {
    const name = Buffer.from(this.address)
    const self = { net: route, src: this.address, data: Buffer.concat([Buffer.of(name.length), name, Buffer.of(0, 1)]) }
    const services = [...this.#offered.keys()].map((offered) => {
      const text = Buffer.from(offered)
      return {
        net: service,
        src: this.address,
        data: Buffer.concat([Buffer.of(name.length), name, Buffer.of(text.length), text, Buffer.of(0, 1)]),
      }
    })
    return [self, ...services]
  }

  #hear(packet: PlainPacket): void {
    this.heard.push(packet)
    if (packet.net === query) this.#pipe?.send(this.#adverts())
    const answer = packet.net === undefined && packet.srv !== undefined ? this.#offered.get(packet.srv) : undefined
    if (answer === undefined || packet.src === undefined) return
    const data = Buffer.from(answer(Buffer.from(packet.data ?? []).toString()))
    this.#pipe?.send([{ src: this.address, dst: packet.src, ...(packet.ctx === undefined ? {} : { ctx: packet.ctx }), data }])
  }

  #providers(name: string): string[] {
    return this.heard.flatMap(({ net, data }) => {
      if (net !== service || data === undefined) return []
      const bytes = Buffer.from(data)
      const hostEnd = 1 + (bytes[0] ?? 0)
      const host = bytes.subarray(1, hostEnd).toString()
      const offered = bytes.subarray(hostEnd + 1, hostEnd + 1 + (bytes[hostEnd] ?? 0)).toString()
      return offered === name ? [host] : []
    })
  }

  /** What went wrong by the words of the network. */
  errors(): string[] {
    return this.heard.filter(({ net }) => net === networkError).map(({ data }) => Buffer.from(data ?? []).toString())
  }
}
