import type { DecodedPacket, Packet } from '../../src/wire/packet.ts'
import table from './aln-wire-vectors.json' with { type: 'json' }

// What five other implementations really put on the wire, recorded by running their encoders (`meta` says which).

export interface VectorFields {
  net?: number
  srv?: string
  src?: string
  dst?: string
  nxt?: string
  seq?: number
  ack?: number
  ctx?: number
  typ?: number
  data?: string | null
  dataRepeat?: { byte: string; count: number }
}

export interface Divergence {
  impl: string
  why: string
  frameHex?: string | { sha256: string; bytes: number }
  packetHex?: string | { sha256: string; bytes: number }
}

export interface Vector {
  id: string
  fields: VectorFields
  crc: boolean
  packetHex: string | null
  packetHexSha256?: string
  frameHex: string | null
  frameHexSha256?: string
  json: Record<string, string>
  divergences?: Divergence[]
}

export interface RobustStream {
  id: string
  streamHex: string
}

interface VectorTable {
  vectors: Vector[]
  robustness: RobustStream[]
  hamming: { encodedHex: string }
}

export const { vectors, robustness, hamming } = table as unknown as VectorTable

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16))
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function packetOf(fields: VectorFields): Packet {
  const hex = fields.dataRepeat ? fields.dataRepeat.byte.repeat(fields.dataRepeat.count) : fields.data
  return {
    netState: fields.net,
    service: fields.srv,
    srcAddr: fields.src,
    destAddr: fields.dst,
    nextAddr: fields.nxt,
    seqNum: fields.seq,
    ackBlock: fields.ack,
    contextID: fields.ctx,
    dataType: fields.typ,
    data: hex ? fromHex(hex) : undefined,
  }
}

/** Only what is set, data as hex: two packets that mean the same print the same. */
export function shown(packet: DecodedPacket | Packet | object): Record<string, unknown> {
  const rows = Object.entries(packet).filter(([, value]) => value !== undefined)
  return Object.fromEntries(rows.map(([key, value]) => [key, value instanceof Uint8Array ? toHex(value) : value]).sort())
}
