import { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable, Crypto } from '../ports/crypto.ts'

/** Far below the bound of AES-GCM with counted nonces, and still exact as a number; no link lives that long. */
export const cipherMessagesMax: number = 2 ** 48

/** A Noise message with its tag never exceeds this (specification §3). */
export const noiseMessageBytesMax = 65_535
export const tagBytes = 16

const nothing = new Uint8Array(0)

/** The AESGCM nonce of Noise: 32 zero bits, then the counter as 64 bits, big-endian. */
export function noiseNonce(counter: number): Uint8Array {
  const nonce = new Uint8Array(12)
  // Byte by byte: a view would make the engine allocate a buffer for each message.
  let rest = counter
  for (let at = 11; rest > 0; at--, rest = Math.floor(rest / 256)) nonce[at] = rest % 256
  return nonce
}

/**
 * One direction of a finished handshake. Messages are numbered by the order of the calls, on both sides: what `seal`
 * returned first must be given to `open` first. The number is taken when the call is made, so calls may overlap.
 */
export class NoiseCipher {
  private readonly crypto: Crypto
  private readonly key: Uint8Array
  private counter: number
  private failed = false

  /** `counter` is the number of the first message: 0 right after a handshake. */
  constructor(crypto: Crypto, key: Uint8Array, counter = 0) {
    this.crypto = crypto
    this.key = key
    this.counter = counter
  }

  /** Ciphertext with its 16-byte tag. Throws a MeshError: `LINK_FAILED` once the key is used up, `TOO_LARGE` over 65 519 bytes. */
  seal(plain: Uint8Array): Awaitable<Uint8Array> {
    if (this.counter >= cipherMessagesMax) throw new MeshError('LINK_FAILED', 'this link key has sealed 2^48 messages and is used up')
    if (plain.length + tagBytes > noiseMessageBytesMax) {
      throw new MeshError('TOO_LARGE', `a sealed message carries at most ${noiseMessageBytesMax - tagBytes} bytes, not ${plain.length}`)
    }
    return this.crypto.seal(this.key, noiseNonce(this.counter++), nothing, plain)
  }

  /** The plain bytes; undefined when the tag does not hold. After one failure every later call fails too. */
  open(sealed: Uint8Array): Awaitable<Uint8Array | undefined> {
    if (this.failed || this.counter >= cipherMessagesMax) return undefined
    if (sealed.length < tagBytes || sealed.length > noiseMessageBytesMax) {
      this.failed = true
      return undefined
    }
    const plain = this.crypto.open(this.key, noiseNonce(this.counter++), nothing, sealed)
    return plain instanceof Promise ? plain.then((opened) => this.opened(opened)) : this.opened(plain)
  }

  private opened(plain: Uint8Array | undefined): Uint8Array | undefined {
    if (plain === undefined) this.failed = true
    return this.failed ? undefined : plain
  }
}
