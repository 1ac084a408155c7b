import { encodePacket, frame, netStates, packetToJson } from '@hopmesh/core'
import type { Channel, MeshError } from '@hopmesh/core'

/** One NET_ERROR, in the form that the channel carries: all that a plain node can be told. */
export function refusePlain(channel: Channel, error: MeshError): void {
  const packet = { netState: netStates.error, data: `${error.code} ${error.message}` }
  channel.send(channel.carries === 'text' ? new TextEncoder().encode(packetToJson(packet)) : frame(encodePacket(packet)))
}
