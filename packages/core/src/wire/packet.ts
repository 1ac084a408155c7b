// One ALN packet (ALN wire §1). Fields are named as in the family. 0, "" and empty data mean "absent", as in every stack.

/** What `netState` of an ALN packet says. */
export const netStates = { route: 1, service: 2, query: 3, frame: 0x10, error: 255 } as const

/** A packet as an app or a channel writes it. Text data becomes UTF-8. */
export interface Packet {
  netState?: number | undefined
  service?: string | undefined
  srcAddr?: string | undefined
  destAddr?: string | undefined
  nextAddr?: string | undefined
  seqNum?: number | undefined
  ackBlock?: number | undefined
  contextID?: number | undefined
  dataType?: number | undefined
  data?: string | Uint8Array | undefined
}

/** A packet as it came off a wire: data is always bytes. */
export interface DecodedPacket extends Packet {
  data?: Uint8Array | undefined
}

/** A copy that shares nothing with the packet, data included. */
export function copyPacket<P extends Packet>(packet: P): P {
  return packet.data instanceof Uint8Array ? { ...packet, data: packet.data.slice() } : { ...packet }
}
