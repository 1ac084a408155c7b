import type { NoiseCipher } from '../crypto/noise.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import { ControlEncoder } from '../wire/control-codec.ts'
import type { ControlMessage } from '../wire/control.ts'
import { giveBack } from '../bytes/spare-buffers.ts'
import {
  encodeItemFrame,
  encodeItems,
  encodeLinkFrame,
  FrameBatch,
  frameKinds,
  linkFrameBytesMax,
  type ItemToWrite,
} from '../wire/link-frame.ts'
import type { FramePort } from './frame-port.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'

/** Frames kept for a neighbour that does not take them; above it packets are dropped and counted (a sender hears QUEUE_FULL). */
export const egressBytesMax: number = 2 * 1024 * 1024
/** Control frames being sealed at a time, and their bytes with those that the channel has not sent yet; a neighbour so far behind is cut off. */
const sealingMax = 1_024
export const controlBehindBytesMax: number = 4 * 1024 * 1024
const controlBytesMax = linkFrameBytesMax - 32
/** From this size on copying a packet costs more than a frame of its own. */
export const aloneBytesMin = 8_192

/**
 * The sending half of a joined link. What is ready in one turn leaves in one frame; nothing waits for company. Control
 * messages are sealed in order, and packets that were given after them do not overtake them: the neighbour shall know a
 * way back when it answers. Packets are not sealed here and wait when the channel is full.
 */
export class LinkEgress {
  readonly #port: FramePort
  readonly #cipher: NoiseCipher
  readonly #clock: Clock
  readonly #failed: (error: MeshError) => void
  readonly #encoder = new ControlEncoder()
  readonly #sealing = new OrderedQueue(sealingMax)
  /** Since the first packet: most neighbours of a relay are told of others, and are sent nothing. */
  #batch: FrameBatch | undefined
  #control: ControlMessage[] = []
  #held: Uint8Array[] = []
  #heldBytes = 0
  /** Bytes that each link put in since the first half was full. */
  #shares: Map<object, number> | undefined
  #congested = false
  #scheduled = false
  #controlUnderWay = 0
  #sealingBytes = 0
  #over = false

  constructor(port: FramePort, cipher: NoiseCipher, clock: Clock, failed: (error: MeshError) => void) {
    this.#port = port
    this.#cipher = cipher
    this.#clock = clock
    this.#failed = failed
  }

  /**
   * One mesh packet, copied or written here; `from`: the link that it came over, undefined one's own. False: the neighbour is
   * behind and the packet is dropped. Throws as a packet does that is to be written.
   */
  packet(packet: Uint8Array | ItemToWrite, from?: object): boolean {
    const { length } = packet
    if (!this.#mayWait(length, from)) return false
    if (length >= aloneBytesMin) return this.#alone(() => encodeItemFrame(frameKinds.packets, packet, this.#isCopied), true)
    this.#batch ??= new FrameBatch(frameKinds.packets, this.#isCopied)
    if (!this.#batch.add(packet)) {
      this.flush()
      if (!this.#holdBatch() || !this.#batch.add(packet)) return false
    }
    if (!this.#waits()) this.#schedule()
    return true
  }

  /** A packet that came alone in `frame`, both given away. A large one leaves in that very frame. */
  pass(bytes: Uint8Array, frame: Uint8Array, from?: object): boolean {
    if (bytes.length < aloneBytesMin) return this.packet(bytes, from)
    // While it waits it is a copy: the frame may be a part of something much larger.
    return this.#mayWait(bytes.length, from) && this.#alone((waits) => (waits ? frame.slice() : frame))
  }

  control(message: ControlMessage): void {
    this.#control.push(message)
    this.#schedule()
  }

  /** How many names of adverts may be kept between messages. */
  keepNames(namesMax: number): void {
    this.#encoder.keepNames(namesMax)
  }

  /** What waits here for the channel, or to be sealed. */
  get heldBytes(): number {
    return this.#heldBytes + this.#sealingBytes
  }

  /** What was given waits at this end. */
  get congested(): boolean {
    return this.#congested || this.#heldBytes > 0
  }

  /** So much waits that packets are dropped. */
  get full(): boolean {
    return this.#heldBytes >= egressBytesMax
  }

  /** The channel has room again. */
  drained(): void {
    this.#congested = false
    this.#sendHeld()
  }

  flush(): void {
    this.#scheduled = false
    this.#sendControl()
    if (!this.#waits() && this.#batch && this.#batch.items > 0) this.#send(this.#batch.take())
  }

  /** Calls after everything that was given so far has been handed to the channel or dropped. */
  afterFlush(callback: () => void): void {
    this.flush()
    if (!this.#sealing.push(callback)) callback()
  }

  /** A large packet leaves in a frame of its own, behind what was given before: who passes it on need not copy it. `isOwn`: it was made here. */
  #alone(frameOf: (waits: boolean) => Uint8Array, isOwn = false): boolean {
    this.flush()
    if (!this.#waits()) {
      this.#send(frameOf(false), isOwn)
      return true
    }
    if (!this.#holdBatch()) return false
    this.#hold(frameOf(true))
    return true
  }

  /** The channel copies what it sends: frames are made in spare buffers. */
  get #isCopied(): boolean {
    return this.#port.channel.copiesMessages === true
  }

  #send(frame: Uint8Array, isOwn = true): void {
    this.#congested = !this.#port.sendFrame(frame)
    if (isOwn && this.#isCopied) giveBack(frame)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.soon(() => this.#scheduled && this.flush())
  }

  /** Packets wait for the channel, and for control messages that are on their way to it. */
  #waits(): boolean {
    return this.#congested || this.#controlUnderWay > 0
  }

  /** Of the second half of what is kept, no link gets so much that nothing is left for another one. */
  #mayWait(length: number, from: object | undefined): boolean {
    if (this.#heldBytes < egressBytesMax / 2) {
      this.#shares = undefined
      return true
    }
    if (from === undefined) return true
    this.#shares ??= new Map()
    const share = (this.#shares.get(from) ?? 0) + length
    const sources = this.#shares.size + (this.#shares.has(from) ? 1 : 2)
    if (share > egressBytesMax / 2 / sources) return false
    this.#shares.set(from, share)
    return true
  }

  /** What was collected makes room for what comes next. False: so much waits that it stays where it is. */
  #holdBatch(): boolean {
    if (this.full) return false
    if (this.#batch && this.#batch.items > 0) this.#hold(this.#batch.take())
    return true
  }

  #hold(frame: Uint8Array): void {
    this.#held.push(frame)
    this.#heldBytes += frame.length
  }

  #sendHeld(): void {
    while (!this.#waits() && this.#held.length > 0) {
      const frame = this.#held.shift() as Uint8Array
      this.#heldBytes -= frame.length
      this.#send(frame)
    }
    if (!this.#waits()) this.flush()
  }

  #sendControl(): void {
    const messages = this.#control
    if (messages.length === 0) return
    this.#control = []
    this.#controlUnderWay++
    let items: Uint8Array[] = []
    let bytes = 0
    for (const message of messages) {
      if (this.#over) break
      for (const item of this.#encoder.encode(message)) {
        if (bytes + item.length + 4 > controlBytesMax && items.length > 0) {
          this.#seal(items)
          items = []
          bytes = 0
        }
        items.push(item)
        bytes += item.length + 4
      }
    }
    if (items.length > 0) this.#seal(items)
    this.#controlUnderWay--
  }

  #seal(items: readonly Uint8Array[]): void {
    const plain = encodeItems(items)
    this.#controlUnderWay++
    this.#sealingBytes += plain.length
    if (this.#sealingBytes + this.#port.channel.bufferedBytes > controlBehindBytesMax || !this.#sealing.push(() => this.#sealOne(plain))) {
      this.#fail('control frames wait for a neighbour that is too far behind')
    }
  }

  #sealOne(plain: Uint8Array): Awaitable<void> {
    const failed = (error: unknown): void =>
      this.#fail(`a control frame cannot be sealed: ${error instanceof Error ? error.message : String(error)}`)
    try {
      const sealed = this.#cipher.seal(plain)
      if (sealed instanceof Promise)
        return sealed
          .then((bytes) => this.#sendControlFrame(bytes))
          .catch(failed)
          .then(() => this.#sealed(plain))
      this.#sendControlFrame(sealed)
    } catch (error) {
      failed(error)
    }
    this.#sealed(plain)
  }

  #sendControlFrame(sealed: Uint8Array): void {
    this.#port.sendFrame(encodeLinkFrame(frameKinds.control, sealed))
  }

  /** It has left, or never will. */
  #sealed(plain: Uint8Array): void {
    this.#controlUnderWay--
    this.#sealingBytes -= plain.length
    this.#sendHeld()
  }

  #fail(detail: string): void {
    if (this.#over) return
    this.#over = true
    this.#failed(new MeshError('QUEUE_FULL', detail))
  }
}
