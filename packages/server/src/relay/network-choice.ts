// How the first words on a channel name a network: a hopmesh client says it in its hello, a plain ALN node may select it
// with a first packet that has a destination and nothing else (MALN), with or without a leading slash.

import { decodeHello, decodeLinkFrame, decodePacket, frameKinds, isWireFault, packetFromJson, unframe } from '@hopmesh/core'
import type { DecodedPacket, WireNetwork } from '@hopmesh/core'
import type { Opening } from './opening-channel.ts'

/** A selection is a name of at most 64 bytes in a packet of four more, each escaped: what is longer selects nothing. */
const selectionBytesMax = 160

/** Closes a frame; some nodes send one before the first, too. */
const kissEnd = 0xc0

const nothing = new Uint8Array(0)

/** A `frames` channel: the network of the hello, or why there is none. The hello itself stays for the router. */
export function readHello(bytes: Uint8Array): Opening<WireNetwork | string> {
  const frame = decodeLinkFrame(bytes)
  if (isWireFault(frame)) return { choice: frame.detail, rest: nothing }
  if (frame.kind !== frameKinds.hello) return { choice: `link frame kind ${frame.kind} where a hello belongs`, rest: nothing }
  const hello = decodeHello(frame.body)
  if (isWireFault(hello)) return { choice: hello.detail, rest: nothing }
  return { choice: { name: hello.network, keyHash: hello.keyHash.slice() }, rest: bytes }
}

/** A KISS stream: the selected network, or '' when the first packet is another. */
export function readStreamSelection(bytes: Uint8Array): Opening<string> {
  const start = bytes.findIndex((byte) => byte !== kissEnd)
  const end = bytes.indexOf(kissEnd, Math.max(start, 0))
  if (start === -1 || end === -1) return bytes.length > selectionBytesMax ? { choice: '', rest: bytes } : 'more'
  const frame = unframe(bytes.subarray(start, end + 1))
  const packet = isWireFault(frame) ? frame : decodePacket(frame)
  const name = isWireFault(packet) ? '' : selectedNetwork(packet)
  return { choice: name, rest: name === '' ? bytes : bytes.subarray(end + 1) }
}

/** A JSON message: the selected network, or '' when it is another packet or none. */
export function readTextSelection(bytes: Uint8Array): Opening<string> {
  const packet = bytes.length > 4_096 ? undefined : packetFromJson(new TextDecoder().decode(bytes))
  const name = packet === undefined || isWireFault(packet) ? '' : selectedNetwork(packet)
  return { choice: name, rest: name === '' ? bytes : nothing }
}

function selectedNetwork(packet: DecodedPacket): string {
  const { destAddr, ...others } = packet
  if (destAddr === undefined || Object.values(others).some((value) => value !== undefined)) return ''
  return destAddr.startsWith('/') ? destAddr.slice(1) : destAddr
}
