import { base64 } from '@scure/base'
import { stringBytesMax } from './names.ts'
import { checkPacket, dataBytesMax, packetData } from './packet-codec.ts'
import type { DecodedPacket, Packet } from './packet.ts'
import { textBytes } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

// One packet as one JSON object: what plain nodes speak over WebSocket.

/** Characters; a full packet with every escape and some white space stays below it. */
export const packetJsonMax = 262_144

/**
 * As node and the browser emit it: every key, unset as 0, "" or null, padded base64, no size key (Go and the others
 * disagree on its name). `cf` is 0: nobody reads it, one stack wants the key. Throws as `encodePacket` does.
 */
export function packetToJson(packet: Packet): string {
  checkPacket(packet)
  const data = packetData(packet)
  return JSON.stringify({
    cf: 0,
    net: packet.netState ?? 0,
    srv: packet.service ?? '',
    src: packet.srcAddr ?? '',
    dst: packet.destAddr ?? '',
    nxt: packet.nextAddr ?? '',
    seq: packet.seqNum ?? 0,
    ack: packet.ackBlock ?? 0,
    ctx: packet.contextID ?? 0,
    typ: packet.dataType ?? 0,
    data: data.length === 0 ? null : base64.encode(data),
  })
}

const numberKeys = {
  net: { field: 'netState', max: 0xff },
  seq: { field: 'seqNum', max: 0xffff },
  ack: { field: 'ackBlock', max: 0xffff_ffff },
  ctx: { field: 'contextID', max: 0xffff },
  typ: { field: 'dataType', max: 0xff },
} as const
const textKeys = { srv: 'service', src: 'srcAddr', dst: 'destAddr', nxt: 'nextAddr' } as const

/**
 * Takes what the stacks emit: keys in any case, unknown ones ignored, missing, null, 0 and "" unset, base64 with or
 * without padding, URL-safe or with white space.
 */
export function packetFromJson(text: string): DecodedPacket | WireFault {
  if (text.length > packetJsonMax) return new WireFault('too-long', `a JSON packet of ${text.length} characters`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return new WireFault('bad-json', 'not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return new WireFault('bad-json', 'not a JSON object')
  const packet: DecodedPacket = {
    netState: undefined,
    service: undefined,
    srcAddr: undefined,
    destAddr: undefined,
    nextAddr: undefined,
    seqNum: undefined,
    ackBlock: undefined,
    contextID: undefined,
    dataType: undefined,
    data: undefined,
  }
  for (const [name, member] of Object.entries(value)) {
    const fault = readMember(packet, name.length > 4 ? '' : name.toLowerCase(), member)
    if (fault !== undefined) return fault
  }
  return packet
}

function readMember(packet: DecodedPacket, key: string, member: unknown): WireFault | undefined {
  if (member === null || member === 0 || member === '') return undefined
  switch (key) {
    case 'net':
    case 'seq':
    case 'ack':
    case 'ctx':
    case 'typ': {
      const { field, max } = numberKeys[key]
      if (typeof member !== 'number' || !Number.isInteger(member) || member < 0 || member > max) {
        return new WireFault('bad-value', `${key} is no integer of 0 … ${max}`)
      }
      packet[field] = member
      return undefined
    }
    case 'srv':
    case 'src':
    case 'dst':
    case 'nxt': {
      if (typeof member !== 'string') return new WireFault('bad-value', `${key} is no text`)
      if (member.length > stringBytesMax || textBytes(member) > stringBytesMax) return new WireFault('too-long', `${key} is too long`)
      packet[textKeys[key]] = member
      return undefined
    }
    case 'data': {
      if (typeof member !== 'string') return new WireFault('bad-value', 'data is no text')
      const data = decodeBase64(member)
      if (data === undefined) return new WireFault('bad-value', 'data is not base64')
      if (data.length > dataBytesMax) return new WireFault('too-long', `data of ${data.length} bytes`)
      if (data.length > 0) packet.data = data
      return undefined
    }
    default:
      return undefined
  }
}

function decodeBase64(text: string): Uint8Array | undefined {
  const digits = /[\s\-_=]/.test(text)
    ? text
        .replace(/\s+|=+\s*$/g, '')
        .replaceAll('-', '+')
        .replaceAll('_', '/')
    : text
  try {
    return base64.decode(digits.padEnd(Math.ceil(digits.length / 4) * 4, '='))
  } catch {
    return undefined
  }
}
