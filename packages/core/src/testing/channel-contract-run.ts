import { concatBytes } from '../bytes/concat-bytes.ts'
import { sameBytes } from '../bytes/same-bytes.ts'
import type { Carries, Channel } from '../channel/channel.ts'

/** The two ends of one channel. */
export interface ChannelPair {
  readonly dialer: Channel
  readonly listener: Channel
  /** After the case; the channels have been closed before. */
  cleanup?(): Promise<void> | void
}

/** What the contract needs from the place where a channel runs. */
export interface ChannelWorld {
  /** Two ends of a fresh channel, neither started. */
  open(): Promise<ChannelPair> | ChannelPair
  /** Lets time pass: a sleep, or `clock.advance` of a virtual clock. */
  wait(ms: number): Promise<void>
  /** How long something may take before the promise counts as broken. Default 5 000. */
  readonly patienceMs?: number | undefined
  /** A channel must answer false before so much was sent in one turn. Default 67 108 864. */
  readonly fillBytesMax?: number | undefined
  /** The size of the messages that fill it, in bytes; less for a channel of a few bytes a second. Default 32 768. */
  readonly fillMessageBytes?: number | undefined
  /** At a close. A radio or a cable does not tell whether the other side let go or is out of reach: `lost`. Default `remote`. */
  readonly otherSideHears?: 'remote' | 'lost' | undefined
}

/** One end of the pair, and everything it did and heard. */
export class ContractEnd {
  readonly channel: Channel
  readonly sent: Uint8Array[] = []
  readonly messages: Uint8Array[] = []
  /** Codes of `closed`. */
  readonly ends: string[] = []
  drains = 0
  /** Deliveries after `closed`. */
  late = 0

  constructor(channel: Channel) {
    this.channel = channel
  }

  start(also: { onMessage?: () => unknown; onDrained?: () => void } = {}): void {
    this.channel.start({
      message: (bytes) => {
        if (this.ends.length > 0) this.late += 1
        this.messages.push(bytes)
        also.onMessage?.()
      },
      drained: () => {
        if (this.ends.length > 0) this.late += 1
        this.drains += 1
        also.onDrained?.()
      },
      closed: (reason) => this.ends.push(reason.code),
    })
  }

  /** The channel gets a copy of its own: it may do with it what it likes. One that copies again finds something else in it at once. */
  send(message: Uint8Array): boolean {
    this.sent.push(message)
    const given = message.slice()
    const isWelcome = this.channel.send(given)
    if (this.channel.copiesMessages) given.fill(0)
    return isWelcome
  }
}

/** One case under way: both ends, patience, and the words for what went wrong. */
export class ContractRun {
  readonly world: { readonly [Part in keyof ChannelWorld]-?: NonNullable<ChannelWorld[Part]> }
  readonly dialer: ContractEnd
  readonly listener: ContractEnd
  readonly #pair: ChannelPair

  constructor(world: ChannelWorld, pair: ChannelPair) {
    this.world = {
      open: () => world.open(),
      wait: (ms) => world.wait(ms),
      patienceMs: world.patienceMs ?? 5_000,
      fillBytesMax: world.fillBytesMax ?? 0x400_0000,
      fillMessageBytes: world.fillMessageBytes ?? 32_768,
      otherSideHears: world.otherSideHears ?? 'remote',
    }
    this.#pair = pair
    this.dialer = new ContractEnd(pair.dialer)
    this.listener = new ContractEnd(pair.listener)
  }

  startBoth(): void {
    this.dialer.start()
    this.listener.start()
  }

  check(holds: boolean, promise: string): void {
    if (!holds) throw new Error(`Channel contract (${this.dialer.channel.label}): ${promise}`)
  }

  async until(condition: () => boolean, promise: string): Promise<void> {
    const stepMs = 5
    for (let waited = 0; !condition(); waited += stepMs) {
      if (waited >= this.world.patienceMs) this.check(false, `within ${this.world.patienceMs} ms: ${promise}`)
      await this.world.wait(stepMs)
    }
  }

  /** Waits until as many bytes arrived at either end as were sent to it, and compares them. */
  async arrived(): Promise<void> {
    const { dialer, listener } = this
    await this.until(
      () => byteCount(listener.messages) >= byteCount(dialer.sent) && byteCount(dialer.messages) >= byteCount(listener.sent),
      'everything sent arrived',
    )
    this.check(this.intact(), 'what arrived is what was sent, in order and unaltered')
  }

  intact(): boolean {
    const { dialer, listener } = this
    const carries = dialer.channel.carries
    return sameMessages(listener.messages, dialer.sent, carries) && sameMessages(dialer.messages, listener.sent, carries)
  }

  async bothEnded(): Promise<void> {
    await this.until(() => this.dialer.ends.length > 0 && this.listener.ends.length > 0, 'both ends heard closed')
  }

  /** `length` bytes that are told apart by `index`; on text channels JSON, at least 11 bytes. */
  payload(index: number, length: number): Uint8Array {
    if (this.dialer.channel.carries !== 'text') return Uint8Array.from({ length }, (_, at) => (index * 31 + at * 7 + (at >> 8)) & 0xff)
    const head = `{"n":${index},"d":"`
    return new TextEncoder().encode(`${head}${'x'.repeat(Math.max(length - head.length - 2, 0))}"}`)
  }

  async end(): Promise<void> {
    this.dialer.channel.close()
    this.listener.channel.close()
    await this.#pair.cleanup?.()
  }
}

/** Message by message; of a stream only the bytes count. */
export function sameMessages(left: readonly Uint8Array[], right: readonly Uint8Array[], carries: Carries): boolean {
  if (carries === 'stream') return sameBytes(concatBytes(left), concatBytes(right))
  return left.length === right.length && left.every((bytes, index) => sameBytes(bytes, right[index]))
}

function byteCount(messages: readonly Uint8Array[]): number {
  return messages.reduce((count, message) => count + message.length, 0)
}
