// A plain ALN node in the manner of alnmeshpy, written from the wire description alone and sharing no code with
// hopmesh: QUERY on connect, its adverts when asked, routes taken from ROUTE packets, replies with context and no
// service. It complains about everything that would break one of the real implementations.

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'

export interface PlainPacket {
  net?: number
  srv?: string
  src?: string
  dst?: string
  nxt?: string
  seq?: number
  ack?: number
  ctx?: number
  typ?: number
  data?: Buffer
}

interface Wire {
  send(packets: readonly PlainPacket[]): void
  end(): void
}

export interface PlainNodeOptions {
  readonly address: string
  /** Answers calls of 'ping' with this. */
  readonly pong?: string
  /** MALN: the first packet, a destination and nothing else. */
  readonly select?: string
}

export class PlainNode {
  readonly address: string
  readonly routes: Map<string, { via: string; cost: number }> = new Map()
  readonly services: { host: string; service: string; load: number }[] = []
  readonly replies: PlainPacket[] = []
  readonly errors: string[] = []
  /** What was received that kills or breaks a real implementation. */
  readonly complaints: string[] = []
  readonly pinged: PlainPacket[] = []
  closed = false
  readonly #pong: string | undefined
  readonly #select: string | undefined
  #wire: Wire | undefined

  constructor(options: PlainNodeOptions) {
    this.address = options.address
    this.#pong = options.pong
    this.#select = options.select
  }

  connectTcp(port: number, slice: number = Number.MAX_SAFE_INTEGER): Promise<this> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.once('error', reject)
      socket.on('close', () => (this.closed = true))
      socket.once('connect', () => {
        this.#wire = tcpWire(
          socket,
          slice,
          (packet) => this.#receive(packet),
          (complaint) => this.complaints.push(complaint),
        )
        this.#begin()
        resolve(this)
      })
    })
  }

  connectWebSocket(url: string): Promise<this> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(url)
      ws.once('error', reject)
      ws.on('close', () => (this.closed = true))
      ws.on('message', (data: Buffer, isBinary) => {
        if (isBinary) this.complaints.push('a binary message')
        else this.#receive(fromJson(data.toString(), (complaint) => this.complaints.push(complaint)))
      })
      ws.once('open', () => {
        this.#wire = { send: (packets) => packets.forEach((packet) => ws.send(toJson(packet))), end: () => ws.terminate() }
        this.#begin()
        resolve(this)
      })
    })
  }

  /** To a provider that was learned from its advert. */
  call(service: string, context: number, data = ''): void {
    const host = this.services.find((one) => one.service === service)?.host ?? ''
    const via = this.routes.get(host)?.via ?? ''
    this.send({ srv: service, src: this.address, dst: host, nxt: via, ctx: context, data: Buffer.from(data) })
  }

  send(...packets: PlainPacket[]): void {
    this.#wire?.send(packets)
  }

  end(): void {
    this.#wire?.end()
  }

  #begin(): void {
    if (this.#select !== undefined) this.send({ dst: this.#select })
    this.send({ net: 3 })
  }

  #receive(packet: PlainPacket): void {
    if (packet.typ) this.complaints.push(`typ ${packet.typ} is set: alnmeshpy ends`)
    if (packet.net === 1) return this.#route(packet)
    if (packet.net === 2) return this.#service(packet)
    if (packet.net === 3) return this.#advertise()
    if (packet.net === 255) return void this.errors.push(String(packet.data))
    if (packet.net) return void this.complaints.push(`net ${packet.net}`)
    if (!packet.dst && !packet.srv) return void this.complaints.push('neither destination nor service: Java ends')
    if (packet.nxt && packet.nxt !== this.address) return
    if (packet.dst !== this.address) return void this.complaints.push(`a packet for ${packet.dst}`)
    if (packet.srv === 'ping' && this.#pong !== undefined) this.#answer(packet)
    else if (packet.ctx) this.replies.push(packet)
  }

  #answer(packet: PlainPacket): void {
    this.pinged.push(packet)
    const destination = packet.src ?? ''
    const via = this.routes.get(destination)?.via
    if (via === undefined) return void this.complaints.push(`no route back to ${destination}`)
    const reply: PlainPacket = { src: this.address, dst: destination, nxt: via, data: Buffer.from(this.#pong ?? '') }
    this.send(packet.ctx === undefined ? reply : { ...reply, ctx: packet.ctx })
  }

  #advertise(): void {
    const name = Buffer.from(this.address)
    const route = Buffer.concat([Buffer.of(name.length), name, Buffer.of(0, 1)])
    const service = Buffer.concat([Buffer.of(name.length), name, Buffer.of(4), Buffer.from('ping'), Buffer.of(0, 1)])
    this.send({ net: 1, src: this.address, data: route }, ...(this.#pong === undefined ? [] : [{ net: 2, data: service }]))
  }

  #route(packet: PlainPacket): void {
    const data = packet.data ?? Buffer.alloc(0)
    const length = data[0] ?? 0
    if (data.length !== length + 3) return void this.complaints.push('a ROUTE of the wrong length: alnmeshpy ends')
    const destination = data.subarray(1, 1 + length).toString()
    const cost = data.readUInt16BE(1 + length)
    if (destination === this.address && cost > 0) return void this.complaints.push('a route to myself')
    if (cost === 0) return void this.routes.delete(destination)
    const known = this.routes.get(destination)
    if (known === undefined || cost < known.cost) this.routes.set(destination, { via: packet.src ?? '', cost })
  }

  #service(packet: PlainPacket): void {
    const data = packet.data ?? Buffer.alloc(0)
    const hostLength = data[0] ?? 0
    const serviceLength = data[1 + hostLength] ?? 0
    if (data.length !== hostLength + serviceLength + 4) return void this.complaints.push('a SERVICE of the wrong length: alnmeshpy ends')
    const load = data.readUInt16BE(data.length - 2)
    if (load === 0) this.complaints.push('SERVICE with load 0: alnmeshpy ends')
    const host = data.subarray(1, 1 + hostLength).toString()
    const service = data.subarray(2 + hostLength, 2 + hostLength + serviceLength).toString()
    if (!this.services.some((one) => one.host === host && one.service === service)) this.services.push({ host, service, load })
  }
}

// ── the wire, once more ──────────────────────────────────────────────────────────────────────────────────────────

const textFields = [
  ['srv', 0x200],
  ['src', 0x100],
  ['dst', 0x80],
  ['nxt', 0x40],
] as const

export function encodePlain(packet: PlainPacket): Buffer {
  const parts: Buffer[] = []
  let flags = 0
  const put = (flag: number, bytes: Buffer): void => {
    flags |= flag
    parts.push(bytes)
  }
  if (packet.net) put(0x400, Buffer.of(packet.net))
  for (const [key, flag] of textFields) {
    const text = packet[key]
    if (text) put(flag, Buffer.concat([Buffer.of(Buffer.byteLength(text)), Buffer.from(text)]))
  }
  if (packet.seq) put(0x20, uint(packet.seq, 2))
  if (packet.ack) put(0x10, uint(packet.ack, 4))
  if (packet.ctx) put(0x08, uint(packet.ctx, 2))
  if (packet.typ) put(0x04, Buffer.of(packet.typ))
  if (packet.data?.length) put(0x02, Buffer.concat([uint(packet.data.length, 2), packet.data]))
  return kiss(Buffer.concat([uint(withParity(flags), 2), ...parts]))
}

function withParity(flags: number): number {
  const parity = (mask: number): number => [...(flags & mask).toString(2)].filter((bit) => bit === '1').length & 1
  return flags | (parity(0x71d) << 12) | (parity(0x4db) << 13) | (parity(0x1b7) << 14) | (parity(0x26f) << 15)
}

function uint(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

function kiss(packet: Buffer): Buffer {
  const escaped = [...packet].flatMap((byte) => (byte === 0xc0 ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte]))
  return Buffer.from([...escaped, 0xc0])
}

function decodePlain(bytes: Buffer): PlainPacket {
  const flags = bytes.readUInt16BE(0) & 0x7ff
  const packet: PlainPacket = {}
  let at = 2
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Error('a truncated packet: alnmeshpy, node and Go end')
    return bytes.subarray(at, (at += length))
  }
  if (flags & 0x400) packet.net = take(1).readUInt8()
  for (const [key, flag] of textFields) if (flags & flag) packet[key] = take(take(1).readUInt8()).toString()
  if (flags & 0x20) packet.seq = take(2).readUInt16BE()
  if (flags & 0x10) packet.ack = take(4).readUInt32BE()
  if (flags & 0x08) packet.ctx = take(2).readUInt16BE()
  if (flags & 0x04) packet.typ = take(1).readUInt8()
  if (flags & 0x02) packet.data = Buffer.from(take(take(2).readUInt16BE()))
  if (flags & 0x01) take(4)
  if (at !== bytes.length) throw new Error('bytes behind a packet')
  return packet
}

function tcpWire(socket: Socket, slice: number, receive: (packet: PlainPacket) => void, complain: (complaint: string) => void): Wire {
  let held: number[] = []
  let escaped = false
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    for (const byte of chunk) {
      if (byte === 0xc0) {
        const frame = Buffer.from(held)
        held = []
        if (frame.length === 0) complain('an empty frame: Java delivers the packet before again')
        else attempt(() => receive(decodePlain(frame)), complain)
      } else if (escaped) {
        escaped = false
        held.push(byte === 0xdc ? 0xc0 : 0xdb)
      } else if (byte === 0xdb) escaped = true
      else held.push(byte)
    }
  })
  return {
    send(packets) {
      const bytes = Buffer.concat(packets.map(encodePlain))
      for (let at = 0; at < bytes.length; at += slice) socket.write(bytes.subarray(at, at + slice))
    },
    end: () => socket.destroy(),
  }
}

function attempt(act: () => void, complain: (complaint: string) => void): void {
  try {
    act()
  } catch (error) {
    complain(String(error))
  }
}

function toJson(packet: PlainPacket): string {
  return JSON.stringify({ cf: 0, ...packet, data: packet.data === undefined ? null : packet.data.toString('base64') })
}

function fromJson(text: string, complain: (complaint: string) => void): PlainPacket {
  const value = JSON.parse(text) as Record<string, unknown>
  for (const key of ['net', 'seq', 'ack', 'ctx', 'typ']) {
    const number = value[key]
    if (number !== undefined && number !== null && !Number.isInteger(number)) complain(`${key} is no integer: Go closes`)
  }
  if (typeof value['data'] === 'string' && value['data'].length % 4 !== 0) complain('base64 without padding: Go closes')
  const packet: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) if (member) packet[key] = member
  if (typeof value['data'] === 'string') packet['data'] = Buffer.from(value['data'], 'base64')
  return packet as PlainPacket
}
