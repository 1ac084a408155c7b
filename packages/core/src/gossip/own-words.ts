import type { Steps } from '../async/awaitable.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { broadcastSaltBytes, signBroadcast, type BroadcastFrame, type BroadcastHead } from '../identity/broadcast-proof.ts'
import type { NetworkKeyring } from '../identity/network-key.ts'
import type { WireNetwork } from '../identity/wire-network.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import { busyWithinMs, calmAfterMs } from './gossip-limits.ts'

const counterMax = 2 ** 32 - 1

export interface Speaker {
  readonly address: string
  readonly network: WireNetwork
  readonly crypto: Crypto
  readonly keyPair: KeyPair
  readonly keyring?: NetworkKeyring | undefined
}

/** What this node says to all: numbered, dated, signed, and with a network key sealed. */
export class OwnWords {
  readonly #speaker: Speaker
  readonly #clock: Clock
  readonly #dice: Dice
  #epoch = -1
  #salt: Uint8Array | undefined
  #kept = 0
  #fleeting = 0
  #busy = false
  /** When the last one was said. */
  #spokeAt = Number.NEGATIVE_INFINITY

  constructor(speaker: Speaker, clock: Clock, dice: Dice) {
    this.#speaker = speaker
    this.#clock = clock
    this.#dice = dice
  }

  /** `lowest`: the first of this life that is still kept, if one is. */
  *say(
    { service, body, fleeting }: { service: string; body: Uint8Array; fleeting: boolean },
    { epoch, lowest }: { epoch: number; lowest: (epoch: number) => number | undefined },
  ): Steps<{ readonly head: BroadcastHead; readonly data: Uint8Array } | MeshError> {
    const { address, network, crypto, keyPair, keyring } = this.#speaker
    // Another epoch is another life: its counters begin anew, and no nonce is ever used twice under one key.
    if (epoch !== this.#epoch) {
      this.#epoch = epoch
      this.#salt = this.#dice.bytes(broadcastSaltBytes)
      this.#kept = 0
      this.#fleeting = 0
    }
    const counter = (fleeting ? this.#fleeting : this.#kept) + 1
    if (counter > counterMax) return new MeshError('QUEUE_FULL', 'this process has said everything that it can')
    if (fleeting) this.#fleeting = counter
    else this.#kept = counter
    const before = fleeting ? 0 : counter - (lowest(epoch) ?? counter)
    const head: BroadcastHead = {
      epoch,
      counter,
      fleeting,
      ownTree: this.#isBusy(),
      before,
      saidAt: Math.max(0, Math.floor(this.#clock.wallTime())),
    }
    const frame: BroadcastFrame = { network, origin: address, service }
    const signer = { crypto, keyPair, keys: keyring?.[0], salt: this.#salt! }
    return { head, data: yield* signBroadcast(frame, { ...head, body }, signer) }
  }

  /** It said two things in less than a second, and no long silence came since. */
  #isBusy(): boolean {
    const now = this.#clock.now()
    const silentMs = now - this.#spokeAt
    this.#spokeAt = now
    this.#busy = silentMs < busyWithinMs || (this.#busy && silentMs <= calmAfterMs)
    return this.#busy
  }
}
