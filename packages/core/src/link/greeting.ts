import { base64urlnopad } from '@scure/base'
import type { Dice } from '../ports/dice.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'

// The first thing said on a channel where a plain ALN node may be at the other end: a NET_QUERY, which every stack
// answers with its tables, whose data only we read. The nonce keeps two greetings apart and ties the handshake to them.

const prefix = 'M1;1;'
const nonceBytes = 16

const utf8 = new TextDecoder()

/** `M1;1;` and 22 base64url characters. */
export function drawGreeting(dice: Dice): string {
  return prefix + base64urlnopad.encode(dice.bytes(nonceBytes))
}

/** Whether the data of a NET_QUERY is a greeting of ours; a later minor form may add fields after the nonce. */
export function isGreeting(text: string): boolean {
  return /^M1;\d{1,3};[A-Za-z0-9_-]{22}(;[\x21-\x7e]{0,200})?$/.test(text)
}

/** What the neighbour shows, if it is that. */
export function greetingIn({ netState, data }: DecodedPacket): string | undefined {
  if (netState !== netStates.query || data === undefined) return undefined
  const text = utf8.decode(data)
  return isGreeting(text) ? text : undefined
}
