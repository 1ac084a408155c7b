import { wait, type Steps } from '../async/awaitable.ts'
import type { Crypto } from '../ports/crypto.ts'
import { allocate } from '../bytes/slab.ts'
import { hkdf } from './hkdf.ts'
import { noiseNonce, tagBytes } from './noise-cipher.ts'

const hashBytes = 32

/** The SymmetricState of the Noise specification (§5.2): chaining key, handshake hash and, once there is one, a cipher key. */
export class SymmetricState {
  private readonly crypto: Crypto
  private chainingKey: Uint8Array = new Uint8Array(hashBytes)
  private handshakeHash: Uint8Array = new Uint8Array(hashBytes)
  private key: Uint8Array | undefined
  private counter = 0

  constructor(crypto: Crypto) {
    this.crypto = crypto
  }

  /** A name of at most 32 bytes is its own hash. */
  *begin(protocolName: string): Steps<void> {
    const name = new TextEncoder().encode(protocolName)
    if (name.length > hashBytes) this.handshakeHash = yield* wait(this.crypto.sha256(name))
    else this.handshakeHash.set(name)
    this.chainingKey = this.handshakeHash
  }

  /** A copy that goes on by itself. */
  fork(): SymmetricState {
    const fork = new SymmetricState(this.crypto)
    fork.chainingKey = this.chainingKey
    fork.handshakeHash = this.handshakeHash
    fork.key = this.key
    fork.counter = this.counter
    return fork
  }

  get hash(): Uint8Array {
    return this.handshakeHash
  }

  get hasKey(): boolean {
    return this.key !== undefined
  }

  *mixKey(material: Uint8Array): Steps<void> {
    const [chainingKey, key] = (yield* hkdf(this.crypto, this.chainingKey, material, 2)) as [Uint8Array, Uint8Array]
    this.chainingKey = chainingKey
    this.setKey(key)
  }

  *mixHash(bytes: Uint8Array): Steps<void> {
    const hashed = allocate(hashBytes + bytes.length)
    hashed.set(this.handshakeHash)
    hashed.set(bytes, hashBytes)
    this.handshakeHash = yield* wait(this.crypto.sha256(hashed))
  }

  *mixKeyAndHash(material: Uint8Array): Steps<void> {
    const outputs = (yield* hkdf(this.crypto, this.chainingKey, material, 3)) as [Uint8Array, Uint8Array, Uint8Array]
    this.chainingKey = outputs[0]
    yield* this.mixHash(outputs[1])
    this.setKey(outputs[2])
  }

  *encryptAndHash(plain: Uint8Array): Steps<Uint8Array> {
    const sealed =
      this.key === undefined ? plain : yield* wait(this.crypto.seal(this.key, noiseNonce(this.counter++), this.handshakeHash, plain))
    yield* this.mixHash(sealed)
    return sealed
  }

  /** undefined when the tag does not hold; the hash then stays as it was. */
  *decryptAndHash(sealed: Uint8Array): Steps<Uint8Array | undefined> {
    if (this.key === undefined) {
      yield* this.mixHash(sealed)
      return sealed.slice()
    }
    if (sealed.length < tagBytes) return undefined
    const plain = yield* wait(this.crypto.open(this.key, noiseNonce(this.counter++), this.handshakeHash, sealed))
    if (plain !== undefined) yield* this.mixHash(sealed)
    return plain
  }

  /** The keys of the initiator's and of the responder's direction. */
  *split(): Steps<[Uint8Array, Uint8Array]> {
    return (yield* hkdf(this.crypto, this.chainingKey, new Uint8Array(0), 2)) as [Uint8Array, Uint8Array]
  }

  private setKey(key: Uint8Array): void {
    this.key = key
    this.counter = 0
  }
}
