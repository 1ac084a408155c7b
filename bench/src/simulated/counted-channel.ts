import type { Channel } from '@hopmesh/core'
import { PassingChannel } from '../passing-channel.ts'

/** What a node has sent so far. */
export interface Sent {
  /** Link frames, handshakes included. */
  bytes: number
  /** Of these, what keeps links alive: frames of pings and pongs only. */
  aliveBytes: number
  /** Rows of adverts, withdrawals included. */
  entries: number
  /** Whole tables: adverts that replace all that was said before. */
  dumps: number
}

/** A channel that counts what leaves through it. */
export class CountedChannel extends PassingChannel {
  readonly #sent: Sent

  constructor(inner: Channel, sent: Sent) {
    super(inner)
    this.#sent = sent
  }

  override send(message: Uint8Array): boolean {
    this.#sent.bytes += message.length
    return super.send(message)
  }
}
