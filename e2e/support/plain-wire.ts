// The wire of plain ALN nodes, written down here a second time and from the other side: these tests must not find what
// the library believes, but what such a node sees.

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
  data?: Uint8Array
}

type Field = readonly [name: keyof PlainPacket, flag: number, kind: 'text' | 'data' | 1 | 2 | 4]

const fields: readonly Field[] = [
  ['net', 0x0400, 1],
  ['srv', 0x0200, 'text'],
  ['src', 0x0100, 'text'],
  ['dst', 0x0080, 'text'],
  ['nxt', 0x0040, 'text'],
  ['seq', 0x0020, 2],
  ['ack', 0x0010, 4],
  ['ctx', 0x0008, 2],
  ['typ', 0x0004, 1],
  ['data', 0x0002, 'data'],
]

const parities = [
  [0x1000, 0x071d],
  [0x2000, 0x04db],
  [0x4000, 0x01b7],
  [0x8000, 0x026f],
] as const

function parity(value: number): boolean {
  let odd = false
  for (let rest = value; rest !== 0; rest &= rest - 1) odd = !odd
  return odd
}

function number(value: number, width: number): Buffer {
  const bytes = Buffer.alloc(width)
  bytes.writeUIntBE(value, 0, width)
  return bytes
}

/** The bytes of a packet before any framing: control flags with their parity bits, then the fields. */
export function toPacket(packet: PlainPacket): Buffer {
  let flags = 0
  const parts: Buffer[] = []
  for (const [name, flag, kind] of fields) {
    const value = packet[name]
    if (value === undefined) continue
    flags |= flag
    if (typeof value === 'number') parts.push(number(value, kind as number))
    else if (typeof value === 'string') parts.push(number(Buffer.byteLength(value), 1), Buffer.from(value))
    else parts.push(number(value.length, 2), Buffer.from(value))
  }
  for (const [bit, mask] of parities) if (parity(flags & mask)) flags |= bit
  return Buffer.concat([number(flags, 2), ...parts])
}

/** One packet as it stands on a stream: KISS escapes, and the end mark. */
export function toFrame(packet: PlainPacket): Buffer {
  const escaped = Array.from(toPacket(packet)).flatMap((byte) => (byte === 0xc0 ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte]))
  return Buffer.from([...escaped, 0xc0])
}

/** The packet between two end marks. Throws on anything that is none. */
export function fromFrame(frame: Buffer): PlainPacket {
  const bytes = Buffer.from(frame.toString('latin1').replaceAll('\xdb\xdc', '\xc0').replaceAll('\xdb\xdd', '\xdb'), 'latin1')
  const flags = bytes.readUInt16BE(0) & 0x07ff
  const packet: Record<string, unknown> = {}
  let at = 2
  for (const [name, flag, kind] of fields) {
    if ((flags & flag) === 0) continue
    if (typeof kind === 'number') {
      packet[name] = bytes.readUIntBE(at, kind)
      at += kind
      continue
    }
    const width = kind === 'text' ? 1 : 2
    const end = at + width + bytes.readUIntBE(at, width)
    const value = bytes.subarray(at + width, end)
    packet[name] = kind === 'text' ? value.toString() : new Uint8Array(value)
    at = end
  }
  return packet
}

/** As Node.js and browser nodes of the family write it: every key, always. */
export function toJson(packet: PlainPacket): string {
  const { net = 0, srv = '', src = '', dst = '', nxt = '', seq = 0, ack = 0, ctx = 0, typ = 0, data } = packet
  const text = data === undefined ? null : Buffer.from(data).toString('base64')
  return JSON.stringify({ cf: 0, net, srv, src, dst, nxt, seq, ack, ctx, typ, data: text, data_sz: data?.length ?? 0 })
}

export function fromJson(text: string): PlainPacket {
  const packet = JSON.parse(text) as Record<string, unknown>
  const kept = Object.entries(packet).filter(([, value]) => value !== null && value !== 0 && value !== '')
  const { data, ...rest } = Object.fromEntries(kept)
  return { ...rest, ...(typeof data === 'string' ? { data: new Uint8Array(Buffer.from(data, 'base64')) } : {}) }
}
