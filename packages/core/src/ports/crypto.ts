/** A value now or a promise of it: the simulator's and Node's ports answer at once, WebCrypto later. */
export type Awaitable<T> = T | Promise<T>

/** An X25519 pair of this process (SE4: drawn at start, never stored). The private half is whatever the port understands. */
export interface ExchangeKeys {
  readonly publicKey: Uint8Array
  readonly privateKey: unknown
}

/** An Ed25519 identity. Built by the environment (IndexedDB, a file, memory); core never sees the private half. */
export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** 64-byte Ed25519 signature of `message`. */
  sign(message: Uint8Array): Awaitable<Uint8Array>
}

/**
 * The primitives that links and records are built from. Every failure that a peer can cause is a value
 * (`false`, `undefined`), never an exception.
 */
export interface Crypto {
  sha256(bytes: Uint8Array): Awaitable<Uint8Array>
  hmacSha256(key: Uint8Array, bytes: Uint8Array): Awaitable<Uint8Array>
  /** 32 bytes of PBKDF2-SHA-256: what makes a passphrase slow to guess. */
  pbkdf2Sha256(passphrase: Uint8Array, salt: Uint8Array, rounds: number): Awaitable<Uint8Array>
  generateKeyPair(): Awaitable<KeyPair>
  /** The Ed25519 pair of 32 bytes, as RFC 8032 makes it. */
  keyPairFromSeed(seed: Uint8Array): Awaitable<KeyPair>
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Awaitable<boolean>
  generateExchangeKeys(): Awaitable<ExchangeKeys>
  /** The X25519 shared secret; undefined for a low-order or malformed point. */
  exchange(own: ExchangeKeys, publicKey: Uint8Array): Awaitable<Uint8Array | undefined>
  /** AES-256-GCM: ciphertext followed by the 16-byte tag. `nonce` is 12 bytes. */
  seal(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Awaitable<Uint8Array>
  /** undefined when the tag does not hold. */
  open(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Awaitable<Uint8Array | undefined>
}
