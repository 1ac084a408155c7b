// The handshake of links and sessions: Noise_XX_25519_AESGCM_SHA256, and XXpsk0 between members that share a network key
// (Noise Protocol Framework, revision 34). Only the state machine is here; the primitives are the Crypto port.
//
//   XX                     XXpsk0
//   -> e                   -> psk, e
//   <- e, ee, s, es        <- e, ee, s, es
//   -> s, se               -> s, se
//
// What a neighbour says can make `readMessage` return undefined, and nothing else: a tag that does not hold, a cut
// message, a low-order point. After that the handshake is dead. Payloads of messages 2 and 3 are encrypted; that of
// message 1 is readable in XX and sealed under the psk alone in XXpsk0.

import { MeshError } from '../errors/mesh-error.ts'
import { wait, type Steps } from '../async/awaitable.ts'
import type { Crypto, ExchangeKeys } from '../ports/crypto.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'
import { NoiseCipher, noiseMessageBytesMax, tagBytes } from './noise-cipher.ts'
import { SymmetricState } from './noise-symmetric-state.ts'

export { NoiseCipher } from './noise-cipher.ts'

export type NoiseRole = 'initiator' | 'responder'

/** What a message carries: bytes, or bytes that are made of the handshake hash as it stands before them (a signature). */
export type NoisePayload = Uint8Array | ((handshakeHash: Uint8Array) => Steps<Uint8Array>)

export interface NoiseOptions {
  readonly crypto: Crypto
  readonly role: NoiseRole
  readonly staticKeys: ExchangeKeys
  /** What both sides said in clear before message 1; they must agree to the byte. */
  readonly prologue: Uint8Array
  /** 32 bytes. Present: XXpsk0, and a wrong one fails on message 1. */
  readonly psk?: Uint8Array | undefined
  /** Only to replay published vectors; otherwise drawn here, for one handshake only. */
  readonly ephemeralKeys?: ExchangeKeys | undefined
  /** Only to replay published vectors, which have several: those behind message 1, 2 and 3 (psk1, psk2, psk3), beside `psk`. */
  readonly laterPsks?: ReadonlyMap<1 | 2 | 3, Uint8Array> | undefined
}

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'psk'

const xx: readonly (readonly Token[])[] = [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']]

const keyBytes = 32

/** One handshake, used once. Its steps must not overlap: run one message to its end before the next. */
export class NoiseHandshake {
  private readonly crypto: Crypto
  private readonly initiator: boolean
  private readonly staticKeys: ExchangeKeys
  private readonly prologue: Uint8Array
  private readonly psk: Uint8Array | undefined
  private readonly laterPsks: NoiseOptions['laterPsks']
  private readonly messages: readonly (readonly Token[])[]
  private state: SymmetricState
  private ephemeral: ExchangeKeys | undefined
  private remoteEphemeral: Uint8Array | undefined
  private remoteStaticKey: Uint8Array | undefined
  private sharedEphemeral: Uint8Array | undefined
  private hashBeforePayload: Uint8Array | undefined
  private done = 0
  private started = false
  private failed = false

  constructor(options: NoiseOptions) {
    if (options.psk !== undefined && options.psk.length !== keyBytes) {
      throw new MeshError('INVALID_OPTION', `a Noise psk has 32 bytes, not ${options.psk.length}`)
    }
    this.crypto = options.crypto
    this.initiator = options.role === 'initiator'
    this.staticKeys = options.staticKeys
    this.prologue = options.prologue
    this.psk = options.psk
    this.laterPsks = options.laterPsks
    this.messages = xx.map((tokens, index) => this.withPsks(tokens, index))
    this.ephemeral = options.ephemeralKeys
    this.state = new SymmetricState(options.crypto)
  }

  /** The peer's static key once its message was read: authenticated only when `finished`. */
  get remoteStatic(): Uint8Array | undefined {
    return this.remoteStaticKey
  }

  /** The same 32 bytes on both sides after the same messages; binds what is signed later to this handshake. */
  get handshakeHash(): Uint8Array {
    return this.state.hash
  }

  /** The handshake hash as it stood before the payload that was read last: what its writer may have signed in it. */
  get payloadHash(): Uint8Array | undefined {
    return this.hashBeforePayload
  }

  get finished(): boolean {
    return !this.failed && this.done === this.messages.length
  }

  /** The next message. Throws a MeshError when it is not this side's turn, or over 65 535 bytes. */
  *writeMessage(payload: NoisePayload): Steps<Uint8Array> {
    const tokens = this.failed || !this.isOwnTurn() ? undefined : this.messages[this.done]
    if (tokens === undefined) throw new MeshError('HANDSHAKE_FAILED', 'it is not this side of the handshake that writes now')
    const parts: Uint8Array[] = []
    if (typeof payload !== 'function') refuseTooLong(payload, tokens)
    yield* this.start()
    for (const token of tokens) {
      if (token === 'e') {
        const { publicKey } = yield* this.ownEphemeral()
        yield* this.mixEphemeral(publicKey)
        parts.push(publicKey)
      } else if (token === 's') {
        parts.push(yield* this.state.encryptAndHash(this.staticKeys.publicKey))
      } else if (!(yield* this.mixSecret(token))) {
        this.failed = true
        throw new MeshError('HANDSHAKE_FAILED', 'the keys of the handshake give no shared secret')
      }
    }
    // Half a message is written: an error from here on ends the handshake.
    this.failed = true
    const bytes = typeof payload === 'function' ? yield* payload(this.state.hash) : payload
    refuseTooLong(bytes, tokens)
    parts.push(yield* this.state.encryptAndHash(bytes))
    this.failed = false
    this.done += 1
    return concatBytes(parts)
  }

  /** The payload of the peer's next message; undefined, for good, when it does not hold or it is not the peer's turn. */
  *readMessage(message: Uint8Array): Steps<Uint8Array | undefined> {
    const tokens = this.failed || this.isOwnTurn() ? undefined : this.messages[this.done]
    if (tokens === undefined) return undefined
    // Failed until the message has held to its end: a step that throws or is abandoned leaves a dead handshake.
    this.failed = true
    if (message.length > noiseMessageBytesMax) return undefined
    yield* this.start()
    let at = 0
    for (const token of tokens) {
      if (token === 'e') {
        const key = message.slice(at, (at += keyBytes))
        if (key.length !== keyBytes) return undefined
        this.remoteEphemeral = key
        yield* this.mixEphemeral(key)
      } else if (token === 's') {
        const sealed = message.subarray(at, (at += keyBytes + (this.state.hasKey ? tagBytes : 0)))
        const key = yield* this.state.decryptAndHash(sealed)
        if (key?.length !== keyBytes) return undefined
        this.remoteStaticKey = key
      } else if (!(yield* this.mixSecret(token))) {
        return undefined
      }
    }
    this.hashBeforePayload = this.state.hash
    const payload = yield* this.state.decryptAndHash(message.subarray(at))
    if (payload === undefined || !(yield* this.precomputeEphemeralSecret())) return undefined
    this.failed = false
    this.done += 1
    return payload
  }

  /** The ciphers of the two directions, once `finished`. Throws a MeshError before that. */
  *split(): Steps<{ send: NoiseCipher; receive: NoiseCipher }> {
    const { send, receive } = yield* this.splitKeys()
    return { send: new NoiseCipher(this.crypto, send), receive: new NoiseCipher(this.crypto, receive) }
  }

  /** As `split`, for who numbers messages differently: the raw keys of both directions. */
  *splitKeys(): Steps<{ send: Uint8Array; receive: Uint8Array }> {
    if (!this.finished) throw new MeshError('HANDSHAKE_FAILED', 'a handshake splits only once it is finished')
    const [ofInitiator, ofResponder] = yield* this.state.split()
    return this.initiator ? { send: ofInitiator, receive: ofResponder } : { send: ofResponder, receive: ofInitiator }
  }

  /**
   * The same handshake once more. Where anybody can inject a message, it is read on a fork, which is kept if it held; so a
   * forged message does not kill the handshake. Of one handshake only one fork may go on to write.
   */
  fork(): NoiseHandshake {
    const { crypto, staticKeys, prologue, psk, laterPsks } = this
    const fork = new NoiseHandshake({ crypto, staticKeys, prologue, psk, laterPsks, role: this.initiator ? 'initiator' : 'responder' })
    fork.state = this.state.fork()
    fork.ephemeral = this.ephemeral
    fork.remoteEphemeral = this.remoteEphemeral
    fork.remoteStaticKey = this.remoteStaticKey
    fork.sharedEphemeral = this.sharedEphemeral
    fork.done = this.done
    fork.started = this.started
    fork.failed = this.failed
    return fork
  }

  private withPsks(tokens: readonly Token[], index: number): readonly Token[] {
    const first: Token[] = index === 0 && this.psk ? ['psk'] : []
    return [...first, ...tokens, ...(this.laterPsks?.has((index + 1) as 1 | 2 | 3) ? (['psk'] as const) : [])]
  }

  private isOwnTurn(): boolean {
    return (this.done % 2 === 0) === this.initiator
  }

  private *start(): Steps<void> {
    if (this.started) return
    this.started = true
    const modifiers = [...(this.psk ? [0] : []), ...(this.laterPsks?.keys() ?? [])].map((at) => `psk${at}`)
    yield* this.state.begin(`Noise_XX${modifiers.join('+')}_25519_AESGCM_SHA256`)
    yield* this.state.mixHash(this.prologue)
  }

  private *ownEphemeral(): Steps<ExchangeKeys> {
    this.ephemeral ??= yield* wait(this.crypto.generateExchangeKeys())
    return this.ephemeral
  }

  private *mixEphemeral(publicKey: Uint8Array): Steps<void> {
    yield* this.state.mixHash(publicKey)
    // With a psk the key must depend on something fresh before anything is sealed (specification §9.2).
    if (this.psk !== undefined || this.laterPsks !== undefined) yield* this.state.mixKey(publicKey)
  }

  /** False when a point of the peer gives no secret. */
  private *mixSecret(token: 'ee' | 'es' | 'se' | 'psk'): Steps<boolean> {
    if (token === 'psk') {
      // Only psk0 comes before any key.
      const psk = this.state.hasKey ? this.laterPsks?.get((this.done + 1) as 1 | 2 | 3) : this.psk
      if (psk === undefined) return false
      yield* this.state.mixKeyAndHash(psk)
      return true
    }
    const secret = yield* this.secretOf(token)
    if (secret === undefined) return false
    yield* this.state.mixKey(secret)
    return true
  }

  private *secretOf(token: 'ee' | 'es' | 'se'): Steps<Uint8Array | undefined> {
    if (token === 'ee' && this.sharedEphemeral !== undefined) return this.sharedEphemeral
    // 'es' is the initiator's ephemeral with the responder's static key, 'se' the other way round.
    const ownIsEphemeral = token === 'ee' || (token === 'es') === this.initiator
    const remoteIsEphemeral = token === 'ee' || !ownIsEphemeral
    const own = ownIsEphemeral ? this.ephemeral : this.staticKeys
    const remote = remoteIsEphemeral ? this.remoteEphemeral : this.remoteStaticKey
    if (own === undefined || remote === undefined) return undefined
    return yield* wait(this.crypto.exchange(own, remote))
  }

  /** The responder learns while it reads, not while it answers, that the peer's ephemeral is a low-order point. */
  private *precomputeEphemeralSecret(): Steps<boolean> {
    if (this.initiator || this.sharedEphemeral !== undefined) return true
    yield* this.ownEphemeral()
    this.sharedEphemeral = yield* this.secretOf('ee')
    return this.sharedEphemeral !== undefined
  }
}

function refuseTooLong(payload: Uint8Array, tokens: readonly Token[]): void {
  let length = payload.length + tagBytes
  for (const token of tokens) length += token === 'e' ? keyBytes : token === 's' ? keyBytes + tagBytes : 0
  if (length > noiseMessageBytesMax) throw new MeshError('TOO_LARGE', `a handshake message of ${length} bytes exceeds 65 535`)
}
