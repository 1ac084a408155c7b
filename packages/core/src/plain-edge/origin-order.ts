// The order of what one origin says, in two fields that every plain stack passes on with a NET_SERVICE and none reads. A
// number below 254⁶, in digits that skip the two bytes which some stacks escape wrongly: the last two digits are `seqNum`,
// the others `ackBlock`. Greater numbers are greater pairs.

import type { Packet } from '../wire/packet.ts'

const base = 254
const seqValues = base ** 2
const ackValues = base ** 4

/** 0 … 254⁶ − 1; the greatest stands for everything above. */
export function writeOrder(order: number): Pick<Packet, 'seqNum' | 'ackBlock'> {
  const fitting = Math.min(order, ackValues * seqValues - 1)
  return { seqNum: toBytes(fitting % seqValues, 2), ackBlock: toBytes(Math.floor(fitting / seqValues), 4) }
}

/** 0: it has none. */
export function readOrder({ seqNum = 0, ackBlock = 0 }: Pick<Packet, 'seqNum' | 'ackBlock'>): number {
  return fromBytes(ackBlock, 4) * seqValues + fromBytes(seqNum, 2)
}

function toBytes(value: number, length: number): number {
  let bytes = 0
  for (let at = 0, rest = value; at < length; at += 1, rest = Math.floor(rest / base)) {
    const digit = rest % base
    bytes += (digit + (digit >= 0xc0 ? 1 : 0) + (digit >= 0xda ? 1 : 0)) * 256 ** at
  }
  return bytes
}

function fromBytes(bytes: number, length: number): number {
  let value = 0
  for (let at = length - 1; at >= 0; at -= 1) {
    const byte = Math.floor(bytes / 256 ** at) % 256
    value = value * base + byte - (byte > 0xc0 ? 1 : 0) - (byte > 0xdb ? 1 : 0)
  }
  return value
}
