import { sameBytes } from '../bytes/same-bytes.ts'
import { NoiseHandshake, type NoiseCipher } from '../crypto/noise.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { admissionHolds, decodeFinish, encodeFinish, signAdmission, type Finish } from '../identity/admission.ts'
import { recordMismatch, type MemberRecord } from '../identity/member-record.ts'
import { openRecord } from '../identity/signed-record.ts'
import { keysBehind, type NetworkKeyring } from '../identity/network-key.ts'
import { isKeyed, networkMismatch, type OwnNetworks, type WireNetwork } from '../identity/wire-network.ts'
import { wait, type Steps } from '../async/awaitable.ts'
import type { Awaitable, Crypto, ExchangeKeys } from '../ports/crypto.ts'
import { ByteWriter } from '../wire/bytes.ts'
import { decodeHello, decodeReply, encodeHello, encodeLinkFrame, encodeReply, frameKinds } from '../wire/link-frame.ts'
import { isWireFault } from '../wire/wire-fault.ts'

// How two capable neighbours prove to each other who they are (three frames: hello, reply, finish), before a single control
// message or packet is accepted. Each says its signed member record inside the handshake; the peer is authenticated when
// its Noise static key is the one in the record, the record's key hashes to its address, and the address is the one asked
// for. What both said in clear, and the pipe's own fingerprints, are bound in as the prologue.
//
//   network without a key                  Noise XX
//   with a key, between members            Noise XXpsk0: who lacks the key fails on message 1 and learns nothing (SE3)
//   with a key, from a member to a relay   Noise XX; message 3 carries an admission (SE2). Only the dialer of a relay's URL
//                                          does this, only a relay answers it, and what it meets must be a relay.

export const wireVersion = 1

/** What a node brings into a handshake. */
export interface HandshakeIdentity extends OwnNetworks {
  readonly crypto: Crypto
  readonly exchangeKeys: ExchangeKeys
  readonly address: string
  /** A relay does not have the network key: it lets in by admission. */
  readonly relay?: boolean | undefined
  /** Of a keyed network, for those who have the key. */
  readonly keyring?: NetworkKeyring | undefined
  /** The signed record as it is now. */
  record(): Awaitable<Uint8Array>
}

/** Who wants to come in, all of it proven but the token. */
export interface JoiningMember {
  readonly record: MemberRecord
  readonly token: string | undefined
}

export interface HandshakeContext {
  /** Greeting lines of a maybe-plain channel, dialer's first. */
  readonly greetings: readonly string[]
  readonly binding: Uint8Array | undefined
  /** The only address that may be at the other end. */
  readonly expect: string | undefined
  /** For the dialer: the other end is a relay that was asked for. */
  readonly toRelay?: boolean | undefined
  /** What a relay may ask for beside the admission. */
  token?: (() => Awaitable<string | undefined>) | undefined
  /** The last word of the listener. An error refuses. */
  admitMember?: ((member: JoiningMember) => Awaitable<MeshError | undefined>) | undefined
}

export interface HandshakeResult {
  readonly record: MemberRecord
  readonly recordBytes: Uint8Array
  readonly send: NoiseCipher
  readonly receive: NoiseCipher
  /** The listener may still refuse: nothing is true before its first word. */
  readonly unconfirmed: boolean
}

const nothing = new Uint8Array(0)

/** Next frame of the handshake: to send it, to be done, or to give up (the error is also told to the peer). */
export type HandshakeStep = { readonly send?: Uint8Array; readonly done?: HandshakeResult; readonly failed?: MeshError }

export class Handshake {
  readonly #self: HandshakeIdentity
  readonly #context: HandshakeContext
  #noise: NoiseHandshake | undefined
  #awaits: 'hello' | 'reply' | 'finish' | 'nothing'
  /** Of the network as the dialer named it. */
  #keyHash: Uint8Array
  #unconfirmed = false

  constructor(role: 'dialer' | 'listener', self: HandshakeIdentity, context: HandshakeContext) {
    this.#self = self
    this.#context = context
    this.#awaits = role === 'dialer' ? 'nothing' : 'hello'
    this.#keyHash = self.network.keyHash
  }

  /** The dialer's first frame. */
  *hello(): Steps<Uint8Array> {
    this.#begin('initiator', [wireVersion], this.#self.network)
    const noise = yield* (this.#noise as NoiseHandshake).writeMessage(nothing)
    this.#awaits = 'reply'
    const { name, keyHash } = this.#self.network
    return encodeHello({ versions: [wireVersion], network: name, keyHash, noise })
  }

  *receive(kind: number, body: Uint8Array): Steps<HandshakeStep> {
    if (kind === frameKinds.hello && this.#awaits === 'hello') return yield* this.#onHello(body)
    if (kind === frameKinds.reply && this.#awaits === 'reply') return yield* this.#onReply(body)
    if (kind === frameKinds.finish && this.#awaits === 'finish') return yield* this.#onFinish(body)
    return failure('HANDSHAKE_FAILED', `a frame of kind ${kind} came where the handshake awaits ${this.#awaits}`)
  }

  *#onHello(body: Uint8Array): Steps<HandshakeStep> {
    const hello = decodeHello(body)
    if (isWireFault(hello)) return failure('HANDSHAKE_FAILED', `unreadable hello: ${hello.detail}`)
    if (!hello.versions.includes(wireVersion)) {
      return failure('VERSION_MISMATCH', `the peer speaks wire version ${hello.versions.join(', ') || 'none'}, this side ${wireVersion}`)
    }
    const network = { name: hello.network, keyHash: hello.keyHash.slice() }
    const mismatch = networkMismatch(this.#self, network)
    if (mismatch) return failure(mismatch, mismatchText(this.#self, network))
    this.#keyHash = network.keyHash
    const noise = this.#begin('responder', hello.versions, network)
    if ((yield* noise.readMessage(hello.noise)) === undefined)
      return failure('HANDSHAKE_FAILED', 'the first handshake message does not hold')
    const record = yield* wait(this.#self.record())
    const payload = new ByteWriter().u8(wireVersion).bytes(record).finish()
    this.#awaits = 'finish'
    return { send: encodeReply({ version: wireVersion, noise: yield* noise.writeMessage(payload) }) }
  }

  *#onReply(body: Uint8Array): Steps<HandshakeStep> {
    const noise = this.#noise as NoiseHandshake
    const reply = decodeReply(body)
    if (isWireFault(reply)) return failure('HANDSHAKE_FAILED', `unreadable reply: ${reply.detail}`)
    if (reply.version !== wireVersion)
      return failure('VERSION_MISMATCH', `the peer chose wire version ${reply.version}, this side speaks ${wireVersion}`)
    const payload = yield* noise.readMessage(reply.noise)
    if (payload === undefined || payload[0] !== reply.version)
      return failure('HANDSHAKE_FAILED', 'the second handshake message does not hold')
    const peer = yield* this.#peer(payload.subarray(1))
    if (peer instanceof MeshError) return { failed: peer }
    const record = yield* wait(this.#self.record())
    const token = yield* wait(this.#context.token?.())
    const admission = this.#byAdmission() ? this.#self.keyring?.[0].admission : undefined
    const message = yield* noise.writeMessage(function* (handshakeHash) {
      return encodeFinish({ record, token, admission: admission && (yield* signAdmission(admission, handshakeHash)) })
    })
    // A relay may want more than it was shown.
    this.#unconfirmed = this.#context.toRelay === true
    return { send: encodeLinkFrame(frameKinds.finish, message), done: yield* this.#finished(peer) }
  }

  *#onFinish(body: Uint8Array): Steps<HandshakeStep> {
    const payload = yield* (this.#noise as NoiseHandshake).readMessage(body)
    if (payload === undefined) return failure('HANDSHAKE_FAILED', 'the third handshake message does not hold')
    const finish = decodeFinish(payload)
    if (isWireFault(finish)) return failure('HANDSHAKE_FAILED', finish.detail)
    if (!(yield* this.#admitted(finish))) {
      return failure('NETWORK_KEY_MISMATCH', `the dialer did not show that it has the key of network '${this.#self.network.name}'`)
    }
    const peer = yield* this.#peer(finish.record)
    if (peer instanceof MeshError) return { failed: peer }
    const refusal = yield* wait(this.#context.admitMember?.({ record: peer.record, token: finish.token }))
    return refusal ? { failed: refusal } : { done: yield* this.#finished(peer) }
  }

  /** What a psk has proven already needs no admission. */
  *#admitted({ admission }: Finish): Steps<boolean> {
    if (!isKeyed(this.#self.network) || !this.#self.relay) return true
    const handshakeHash = this.#noise?.payloadHash ?? nothing
    return yield* admissionHolds(admission, { keyHash: this.#keyHash, handshakeHash, crypto: this.#self.crypto })
  }

  *#peer(bytes: Uint8Array): Steps<{ record: MemberRecord; bytes: Uint8Array } | MeshError> {
    const record = yield* wait(openRecord(bytes, this.#self.crypto, this.#self.keyring))
    if (isWireFault(record)) {
      const code = record.code === 'wrong-key' ? 'NETWORK_KEY_MISMATCH' : 'HANDSHAKE_FAILED'
      return new MeshError(code, `the peer's member record does not hold: ${record.detail}`)
    }
    const mismatch = recordMismatch(this.#self, record)
    if (mismatch) return new MeshError(mismatch, mismatchText(this.#self, record.network))
    if (this.#byAdmission() && !this.#self.relay && record.kind !== 'relay') {
      return new MeshError('HANDSHAKE_FAILED', `${record.address} was dialed as a relay and is none`)
    }
    if (!sameBytes(record.exchangeKey, this.#noise?.remoteStatic)) {
      return new MeshError('HANDSHAKE_FAILED', `whoever is at the other end does not hold the key of ${record.address}`)
    }
    if (record.kind === 'left') return new MeshError('HANDSHAKE_FAILED', `${record.address} says that it has left`)
    if (record.address === this.#self.address)
      return new MeshError('IDENTITY_IN_USE', `the peer has this node's own address ${record.address}`)
    if (this.#context.expect !== undefined && record.address !== this.#context.expect) {
      return new MeshError('HANDSHAKE_FAILED', `${this.#context.expect} was asked for, ${record.address} answered`)
    }
    return { record, bytes }
  }

  *#finished(peer: { record: MemberRecord; bytes: Uint8Array }): Steps<HandshakeResult> {
    this.#awaits = 'nothing'
    const { send, receive } = yield* (this.#noise as NoiseHandshake).split()
    return { record: peer.record, recordBytes: peer.bytes, send, receive, unconfirmed: this.#unconfirmed }
  }

  /** Whether the network key is shown in message 3, and not as psk in message 1. */
  #byAdmission(): boolean {
    return isKeyed(this.#self.network) && (this.#self.relay === true || this.#context.toRelay === true)
  }

  #psk(): Uint8Array | undefined {
    return this.#byAdmission() ? undefined : keysBehind(this.#self.keyring, this.#keyHash)?.psk
  }

  #begin(role: 'initiator' | 'responder', versions: readonly number[], network: WireNetwork): NoiseHandshake {
    const noise = new NoiseHandshake({
      crypto: this.#self.crypto,
      role,
      staticKeys: this.#self.exchangeKeys,
      psk: this.#psk(),
      prologue: linkPrologue(this.#context, versions, network),
    })
    this.#noise = noise
    return noise
  }
}

/** Each part with its length before it, so that no two conversations give the same bytes. */
function linkPrologue(context: HandshakeContext, versions: readonly number[], network: WireNetwork): Uint8Array {
  const writer = new ByteWriter().string('hopmesh.1 link').varint(context.greetings.length)
  for (const greeting of context.greetings) writer.string(greeting)
  writer.varint(versions.length)
  for (const version of versions) writer.u8(version)
  writer.string(network.name).bytes(network.keyHash)
  return writer
    .varint(context.binding?.length ?? 0)
    .bytes(context.binding ?? nothing)
    .finish()
}

function mismatchText({ network }: OwnNetworks, other: WireNetwork): string {
  if (other.name !== network.name) return `the other side is in network '${other.name}', this one in '${network.name}'`
  return `network '${network.name}' has ${isKeyed(network) ? 'another key' : 'no key'} here than on the other side${isKeyed(other) ? '' : ', which has none'}`
}

function failure(
  code: 'HANDSHAKE_FAILED' | 'NETWORK_MISMATCH' | 'NETWORK_KEY_MISMATCH' | 'VERSION_MISMATCH',
  message: string,
): HandshakeStep {
  return { failed: new MeshError(code, message) }
}
