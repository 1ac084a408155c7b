// Records: packets of a session, sealed from end to end (SE12). One key for each direction; the nonce is the packet
// number, which is never used twice; the associated data are the connection id, the number and both addresses, but not
// the hop limit, which every node on the way changes. Every 2^20 numbers the key is replaced by HKDF(key, 'rekey').
// An attacker's packet moves nothing: neither the window nor the generation changes before the tag has held.

import { wait, type Steps } from '../async/awaitable.ts'
import { hkdf } from '../crypto/hkdf.ts'
import { noiseNonce } from '../crypto/noise-cipher.ts'
import type { Crypto } from '../ports/crypto.ts'
import { ByteWriter } from '../wire/bytes.ts'
import { ReplayWindow } from './replay-window.ts'
import { recordHeadBytes } from './session-limits.ts'
import { writeRecordHead } from './session-packet.ts'

/** Packets of one key generation, as a power of two. */
export const generationShift = 20
const packetNumberMax: number = 2 ** 48 - 1
const rekey = new TextEncoder().encode('rekey')

export interface RecordDirection {
  readonly crypto: Crypto
  /** The key of generation 0. */
  readonly key: Uint8Array
  /** Chosen by the receiver. */
  readonly id: Uint8Array
  readonly source: string
  readonly destination: string
  /** Default `generationShift`. */
  readonly shift?: number | undefined
}

function* nextKey(crypto: Crypto, key: Uint8Array): Steps<Uint8Array> {
  const [next] = (yield* hkdf(crypto, key, rekey, 1)) as [Uint8Array]
  return next
}

function associatedPrefix({ id, source, destination }: RecordDirection): Uint8Array {
  return new ByteWriter().bytes(id).string(source).string(destination).finish()
}

function associatedData(prefix: Uint8Array, number: number): Uint8Array {
  return new ByteWriter(prefix.length + 6).bytes(prefix).u48(number).finish()
}

/** The sending side of one direction. Seal in the order of the numbers: a generation that was left is gone. */
export class RecordSealer {
  readonly #direction: RecordDirection
  readonly #prefix: Uint8Array
  readonly #generationPackets: number
  #key: Uint8Array
  #generation = 0
  #next = 0

  constructor(direction: RecordDirection) {
    this.#direction = direction
    this.#prefix = associatedPrefix(direction)
    this.#generationPackets = 2 ** (direction.shift ?? generationShift)
    this.#key = direction.key
  }

  /** The last two numbers are kept: one may be left out on the way to the last packet. */
  get isUsedUp(): boolean {
    return this.#next >= packetNumberMax
  }

  /** Takes a number for good; not once `isUsedUp`. */
  takeNumber(): number {
    this.#next += 1
    return this.#next - 1
  }

  /** It begins with another key: not beside others. */
  changesKey(number: number): boolean {
    return Math.floor(number / this.#generationPackets) !== this.#generation
  }

  /** The whole packet, to be released or finished. Beside others only when `changesKey` of none of them. */
  *seal(number: number, plain: Uint8Array): Steps<ByteWriter> {
    const generation = Math.floor(number / this.#generationPackets)
    const { crypto, id } = this.#direction
    while (this.#generation < generation) {
      this.#key = yield* nextKey(crypto, this.#key)
      this.#generation += 1
    }
    const sealed = yield* wait(crypto.seal(this.#key, noiseNonce(number), associatedData(this.#prefix, number), plain))
    return writeRecordHead(new ByteWriter(recordHeadBytes + sealed.length), id, number).bytes(sealed)
  }
}

/** Why a record was not accepted; each is counted, none is answered. */
export type RecordRefusal = 'replayed' | 'wrong-generation' | 'bad-tag'

/** The receiving side of one direction. */
export class RecordOpener {
  readonly #direction: RecordDirection
  readonly #prefix: Uint8Array
  readonly #generationPackets: number
  readonly #window = new ReplayWindow()
  #generation = 0
  #previous: Uint8Array | undefined
  #key: Uint8Array
  #following: Uint8Array | undefined

  constructor(direction: RecordDirection) {
    this.#direction = direction
    this.#prefix = associatedPrefix(direction)
    this.#generationPackets = 2 ** (direction.shift ?? generationShift)
    this.#key = direction.key
  }

  /** It is for another key than the present one: not beside others. */
  changesKey(number: number): boolean {
    return Math.floor(number / this.#generationPackets) !== this.#generation
  }

  /** The frames of a record that is whole, new and from the peer; else why not. Beside others only when `changesKey` of none of them. */
  *open(number: number, sealed: Uint8Array): Steps<Uint8Array | RecordRefusal> {
    if (!this.#window.isFresh(number)) return 'replayed'
    const generation = Math.floor(number / this.#generationPackets)
    const key = yield* this.#keyOf(generation)
    if (key === undefined) return 'wrong-generation'
    const { crypto } = this.#direction
    const plain = yield* wait(crypto.open(key, noiseNonce(number), associatedData(this.#prefix, number), sealed))
    if (plain === undefined) return 'bad-tag'
    // A copy of it may have been opened beside it.
    if (!this.#window.isFresh(number)) return 'replayed'
    this.#window.accept(number)
    if (generation > this.#generation) this.#advance(key)
    return plain
  }

  *#keyOf(generation: number): Steps<Uint8Array | undefined> {
    if (generation === this.#generation) return this.#key
    if (generation === this.#generation - 1) return this.#previous
    if (generation !== this.#generation + 1) return undefined
    // Derived once: a forged number costs this only the first time.
    this.#following ??= yield* nextKey(this.#direction.crypto, this.#key)
    return this.#following
  }

  #advance(key: Uint8Array): void {
    this.#previous = this.#key
    this.#key = key
    this.#following = undefined
    this.#generation += 1
  }
}
