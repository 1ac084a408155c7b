import type { MemoryHolder } from '../bytes/memory-budget.ts'
import type { Channel } from '../channel/channel.ts'
import type { MeshErrorCode } from '../errors/mesh-error.ts'
import type { ControlMessage } from '../wire/control.ts'
import type { ItemToWrite } from '../wire/link-frame.ts'
import type { Packet } from '../wire/packet.ts'
import type { LinkPeer } from './link-peer.ts'

/** A neighbour, as routing has to do with it. What is sent over a link that is not joined does not leave. */
export interface Link extends MemoryHolder {
  readonly channel: Channel
  /** Settles always; never an unhandled rejection. */
  readonly up: Promise<LinkPeer>
  /** Resolves when the link has ended, with one line why. */
  readonly down: Promise<string>
  readonly phase: 'opening' | 'greeting' | 'joined' | 'plain' | 'closed'
  readonly peer: LinkPeer | undefined
  readonly roundTripMs: number | undefined
  /** Probes that came to nothing, as a share: 0 … 1. */
  readonly loss: number
  /** Something was sent and nothing was heard since: `tick` wants to be called more often. */
  readonly waits: boolean
  /** Data of one packet that ends at the neighbour; of one that goes on from there it is `packetDataBytesMax`. */
  readonly packetDataBytesMax: number
  /** What is sent now does not leave. */
  readonly full: boolean
  /** A plain neighbour has not taken yet what it was sent: more shall wait or be refused. */
  readonly plainFull: boolean
  /**
   * One mesh packet to the neighbour, copied or written before this returns; `from` the link that it came over. False: it did not
   * leave. Throws as a packet does that is to be written.
   */
  sendPacket(packet: Uint8Array | ItemToWrite, from?: Link): boolean
  /** A packet on its way through this node, and the frame in which it came alone: both are the link's from now on. */
  passPacket(bytes: Uint8Array, frame: Uint8Array, from?: Link): boolean
  sendControl(message: ControlMessage): void
  /** This node goes: its signed record of kind `left`. */
  sendLeave(record: Uint8Array): void
  /** Asks whether the neighbour is there, and what it has told so far. */
  probe(): void
  /** A neighbour that says nothing is asked after so long whether it is there; within bounds, and 5 s by default. */
  setPace(idleMs: number): void
  /** To one of thousands: adverts are longer, and no names are kept for it beyond so many. */
  keepNames(namesMax: number): void
  /** To a plain neighbour, also when its channel is full: for what is said seldom. False: it did not leave. */
  sendPlain(packets: readonly Packet[]): boolean
  /** One packet on its way to a plain neighbour. False: it did not leave. */
  passPlain(packet: Packet): boolean
  /** What a plain neighbour calls itself. */
  namePlain(address: string): void
  /** Whether the plain neighbour may call itself so; one that may not has lost this link. */
  admits(address: string): boolean
  /** What it said was of no use to anybody: a neighbour that says little else is read more slowly. */
  wasted(): void
  /** Called now and then by the owner: asks a silent neighbour, gives up a dead one. */
  tick(now: number): void
  /** Says goodbye with a notice where the neighbour understands one, then closes. Idempotent. */
  close(detail?: string, notice?: { code: MeshErrorCode; text: string }): void
}
