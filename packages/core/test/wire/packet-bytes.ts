import type { ItemToWrite } from '../../src/wire/link-frame.ts'

/** What a link is given to send, as bytes. */
export function packetBytes(packet: Uint8Array | ItemToWrite): Uint8Array {
  if (packet instanceof Uint8Array) return packet
  const bytes = new Uint8Array(packet.length)
  return bytes.subarray(0, packet.writeInto(bytes, 0))
}
