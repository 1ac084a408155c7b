// The ceiling of P1: an encoder and decoder for one kind of packet only. It checks nothing, hands out views into one
// buffer that it uses again and again, and trusts whatever it reads. No library could be used like this.

export interface TunedPacket {
  service: string
  srcAddr: string
  destAddr: string
  seqNum: number
  contextID: number
  data: Uint8Array
}

/** As large as a link frame: what is written is sent before its place is used again. */
const poolBytes = 65_000
const pool = new Uint8Array(poolBytes)
let used = 0
const slots: (string | undefined)[] = new Array<string | undefined>(4_096).fill(undefined)

function put(out: Uint8Array, start: number, text: string): number {
  out[start] = text.length
  let at = start + 1
  for (let index = 0; index < text.length; index++) out[at++] = text.charCodeAt(index)
  return at
}

export function encodeTuned(packet: TunedPacket): Uint8Array {
  if (used + 1_200 > poolBytes) used = 0
  const start = used
  pool[start] = 0x93
  pool[start + 1] = 0xaa
  let at = put(pool, start + 2, packet.service)
  at = put(pool, at, packet.srcAddr)
  at = put(pool, at, packet.destAddr)
  pool[at++] = packet.seqNum >>> 8
  pool[at++] = packet.seqNum
  pool[at++] = packet.contextID >>> 8
  pool[at++] = packet.contextID
  pool[at++] = packet.data.length >>> 8
  pool[at++] = packet.data.length
  pool.set(packet.data, at)
  used = at + packet.data.length
  return pool.subarray(start, used)
}

function take(bytes: Uint8Array, start: number): string {
  const length = bytes[start]!
  const end = start + 1 + length
  const slot = (bytes[end - 1]! + bytes[end - 2]! * 31 + bytes[end - 3]! * 961 + length * 7) & 4_095
  const cached = slots[slot]
  if (cached !== undefined && cached.length === length) {
    let at = 0
    while (at < length && cached.charCodeAt(at) === bytes[start + 1 + at]) at++
    if (at === length) return cached
  }
  let text = ''
  for (let at = start + 1; at < end; at++) text += String.fromCharCode(bytes[at]!)
  slots[slot] = text
  return text
}

export function decodeTuned(bytes: Uint8Array): TunedPacket {
  let at = 2
  const service = take(bytes, at)
  at += 1 + bytes[at]!
  const srcAddr = take(bytes, at)
  at += 1 + bytes[at]!
  const destAddr = take(bytes, at)
  at += 1 + bytes[at]!
  const seqNum = bytes[at]! * 256 + bytes[at + 1]!
  const contextID = bytes[at + 2]! * 256 + bytes[at + 3]!
  const length = bytes[at + 4]! * 256 + bytes[at + 5]!
  return { service, srcAddr, destAddr, seqNum, contextID, data: bytes.subarray(at + 6, at + 6 + length) }
}
