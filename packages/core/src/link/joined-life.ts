// The life of a link after its handshake: sealed control messages and packets, both ways, and whether the neighbour is
// still there. Proofs are verified here, so that the owner hears facts only.

import { run, wait, type Steps } from '../async/awaitable.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import { openRecord, readRecord } from '../identity/signed-record.ts'
import type { NoiseCipher } from '../crypto/noise.ts'
import { ControlDecoder } from '../wire/control-codec.ts'
import type { ControlMessage } from '../wire/control.ts'
import { encodeLinkFrame, frameKinds, readItems, type ItemToWrite, type LinkFrame } from '../wire/link-frame.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import type { FramePort } from './frame-port.ts'
import type { HandshakeResult } from './handshake.ts'
import { ControlBudget } from './control-budget.ts'
import { LinkEgress } from './link-egress.ts'
import type { LinkIngress } from './link-ingress.ts'
import type { LinkOwner, ProvenRecord } from './link-owner.ts'
import type { LinkPeer } from './link-peer.ts'
import type { Link } from './link.ts'
import { Liveness } from './liveness.ts'

export interface JoinedLifeParts {
  readonly link: Link
  readonly owner: LinkOwner
  readonly port: FramePort
  readonly ingress: LinkIngress
  readonly peer: LinkPeer
  /** As the handshake measured it. */
  readonly roundTripMs: number | undefined
  /** Gives the link up. */
  fail(error: MeshError): void
}

export class JoinedLife {
  readonly #parts: JoinedLifeParts
  readonly #cipher: NoiseCipher
  readonly #decoder = new ControlDecoder()
  readonly #egress: LinkEgress
  readonly #liveness: Liveness
  readonly #budget: ControlBudget
  #over = false
  #left = false

  /** What the handshake left beside the keys is not kept: a relay has thousands of neighbours. */
  constructor(parts: JoinedLifeParts, { send, receive }: Pick<HandshakeResult, 'send' | 'receive'>) {
    const { port, owner, fail, roundTripMs } = parts
    this.#parts = parts
    this.#cipher = receive
    this.#egress = new LinkEgress(port, send, owner.clock, fail)
    this.#budget = new ControlBudget(owner.clock.now())
    this.#liveness = new Liveness(owner.clock.now(), roundTripMs)
  }

  get peer(): LinkPeer {
    return this.#parts.peer
  }

  get roundTripMs(): number | undefined {
    return this.#liveness.roundTripMs
  }

  /** What waits to be sent, in bytes. */
  get heldBytes(): number {
    return this.#egress.heldBytes
  }

  /** One mesh packet, copied or written. False: it did not leave. */
  packet(packet: Uint8Array | ItemToWrite, from?: Link): boolean {
    if (this.#over) return false
    if (!this.#liveness.waits) this.#liveness.sent(this.#parts.owner.clock.now())
    return this.#egress.packet(packet, from)
  }

  /** A packet that came alone in `frame`, which may leave as it is. */
  passPacket(bytes: Uint8Array, frame: Uint8Array, from?: Link): boolean {
    if (this.#over) return false
    if (!this.#liveness.waits) this.#liveness.sent(this.#parts.owner.clock.now())
    return this.#egress.pass(bytes, frame, from)
  }

  control(message: ControlMessage): void {
    if (this.#over) return
    // A pong is an answer itself.
    if (!this.#liveness.waits && message.type !== 'pong' && message.type !== 'ping') this.#liveness.sent(this.#parts.owner.clock.now())
    this.#egress.control(message)
  }

  /** Packets are dropped. */
  get full(): boolean {
    return this.#egress.full
  }

  drained(): void {
    this.#egress.drained()
  }

  /** Bytes came; what they say is verified later. */
  heard(): void {
    this.#liveness.heard(this.#parts.owner.clock.now())
  }

  probe(): void {
    const { owner, link } = this.#parts
    this.control({ type: 'ping', nonce: this.#liveness.probed(owner.clock.now()), told: owner.told(link) })
  }

  setPace(idleMs: number): void {
    this.#liveness.setPace(idleMs)
  }

  keepNames(namesMax: number): void {
    this.#egress.keepNames(namesMax)
  }

  /** Probes that came to nothing: 0 … 1. */
  get loss(): number {
    return this.#liveness.loss
  }

  /** Something was sent and nothing was heard since. */
  get waits(): boolean {
    return this.#liveness.waits
  }

  /** Asks a silent neighbour. True: it is dead. */
  tick(now: number): boolean {
    const verdict = this.#liveness.verdict(now, this.#egress.congested)
    if (verdict === 'probe') this.probe()
    return verdict === 'dead'
  }

  /** Tells the neighbour that this node goes: the record speaks for itself, so it leaves at once and unsealed. */
  sendLeave(record: Uint8Array): void {
    this.#egress.flush()
    this.#parts.port.sendFrame(encodeLinkFrame(frameKinds.leave, record))
  }

  /** The neighbour goes. It is verified beside the queue: the end of the channel is close behind. Once. */
  receiveLeave(bytes: Uint8Array): void {
    if (this.#left) return
    this.#left = true
    const steps = this.#leaveSteps.bind(this)
    const verified = run(steps(bytes.slice()))
    if (verified instanceof Promise) verified.catch((error: unknown) => this.#parts.owner.fault('LINK_FAILED', String(error)))
  }

  *#leaveSteps(bytes: Uint8Array): Steps<void> {
    const { owner, link, ingress } = this.#parts
    const record = yield* wait(openRecord(bytes, owner.identity.crypto, owner.identity.keyring))
    if (isWireFault(record)) ingress.fault(record)
    else if (record.kind === 'left' && record.address === this.peer.address) owner.left(link, { record, bytes })
    else owner.fault('SPOOFED', `${this.peer.address} says that ${record.address} leaves`)
  }

  /** Says goodbye, then calls `close` when all of it has left. */
  leave(notice: { code: MeshErrorCode; text: string } | undefined, close: () => void): void {
    if (notice) this.control({ type: 'notice', code: notice.code, text: notice.text })
    this.#egress.afterFlush(close)
  }

  /** Nothing that is still being verified reaches the owner any more. */
  end(): void {
    this.#over = true
  }

  /** Steps for what may have to wait; packets never do. */
  frame(frame: LinkFrame): Steps<void> | undefined {
    if (frame.kind === frameKinds.control) return this.#control(frame.body)
    if (frame.kind === frameKinds.packets) this.#packets(frame)
    else this.#parts.owner.fault('unknown-kind', `a frame of kind ${frame.kind} from ${this.peer.address}`)
    return undefined
  }

  #packets({ body, whole }: LinkFrame): void {
    const packets = readItems(body)
    const { ingress, owner, link } = this.#parts
    if (isWireFault(packets)) return ingress.fault(packets)
    const alone = packets.length === 1 ? whole : undefined
    ingress.items(packets.length - 1)
    for (const packet of packets) owner.packet(link, packet, alone)
  }

  *#control(body: Uint8Array): Steps<void> {
    const { fail, ingress } = this.#parts
    // Each control frame passes here: a generator less where nothing has to be waited for.
    const opened = this.#cipher.open(body)
    const plain = opened instanceof Promise ? ((yield opened) as Awaited<typeof opened>) : opened
    if (plain === undefined) return fail(new MeshError('LINK_FAILED', 'a control frame does not hold'))
    const items = readItems(plain)
    if (isWireFault(items)) return ingress.fault(items)
    let pauseMs = 0
    for (const item of items) {
      const message = this.#decoder.decode(item)
      if (isWireFault(message)) {
        ingress.fault(message)
        // Entries refer to earlier ones: after one that cannot be read, the later ones cannot be believed.
        if (message.code !== 'unknown-kind') return fail(new MeshError('LINK_FAILED', `unreadable control message: ${message.detail}`))
        continue
      }
      const wasted = message.type === 'records' ? yield* this.#records(message.records) : this.#message(message)
      pauseMs = this.#budget.spend(message, wasted, this.#parts.owner.clock.now())
    }
    if (pauseMs > 0 && !this.#over) ingress.pause(pauseMs)
  }

  /** Wastes no records. */
  #message(message: Exclude<ControlMessage, { type: 'records' }>): 0 {
    const { owner, link } = this.#parts
    if (this.#over) return 0
    if (message.type === 'ping') {
      this.control({ type: 'pong', nonce: message.nonce, told: owner.told(link) })
      owner.heard(link, message.told)
    } else if (message.type === 'pong') {
      this.#liveness.answered(message.nonce, owner.clock.now())
      owner.heard(link, message.told)
    } else owner.control(link, message)
    return 0
  }

  /** Gives how many of them were a waste of time. */
  *#records(records: readonly Uint8Array[]): Steps<number> {
    const { owner, link } = this.#parts
    const proven: ProvenRecord[] = []
    for (const bytes of records) {
      // A signature takes long to verify: that of a record which nobody asked for is not looked at.
      const read = readRecord(bytes)
      if (!isWireFault(read) && !owner.expects(link, read.record)) continue
      const record = yield* wait(openRecord(bytes, owner.identity.crypto, owner.identity.keyring, read))
      if (isWireFault(record)) this.#parts.ingress.fault(record)
      else proven.push({ record, bytes })
    }
    if (!this.#over) owner.records(link, proven)
    return records.length - proven.length
  }
}
