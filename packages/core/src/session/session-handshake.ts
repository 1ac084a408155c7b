// How two members prove to each other who they are, from end to end: Noise XX, or XXpsk0 in a network with a key, in three
// messages that packets carry. This is the state machine of one handshake; repeating, sharing out and choosing is handshakes.ts.
//
//   first    { initiator's connection id 8 B, order 6 B }      readable without a key, but bound into everything behind it
//   second   { responder's connection id 8 B, life 8 B, member record }
//   third    { life 8 B, the initiator's finish: member record, and toward a relay of a network with a key the admission }
//
// A relay does not have the network key. So toward one, and only by who knows that it is one, the handshake is XX, and the third
// message carries what shows that one may be here; a relay answers, and never begins (SE2).
//
// A peer is who it says when the record's signature holds, its exchange key is the Noise static key, its key hashes to its address,
// and the address is the one that was asked for (SE4). A message that does not hold leaves no trace: the true one may still come.

import { wait, type Steps } from '../async/awaitable.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'
import { NoiseHandshake } from '../crypto/noise.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import { admissionHolds, decodeFinish, encodeFinish, signAdmission, type Finish } from '../identity/admission.ts'
import { recordMismatch, type MemberRecord } from '../identity/member-record.ts'
import { keysBehind, type NetworkKeyring } from '../identity/network-key.ts'
import { openRecord } from '../identity/signed-record.ts'
import { encodeWireNetwork, isKeyed, type OwnNetworks, type WireNetwork } from '../identity/wire-network.ts'
import type { Awaitable, Crypto, ExchangeKeys } from '../ports/crypto.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { connectionIdBytes, idText } from './session-packet.ts'

export const lifeBytes = 8

/** What a node brings into every handshake. */
export interface SessionIdentity extends OwnNetworks {
  readonly crypto: Crypto
  readonly exchangeKeys: ExchangeKeys
  readonly address: string
  /** Of a network with a key: without it only relays have sessions there. */
  readonly keyring?: NetworkKeyring | undefined
  /** It answers those who may be here, and begins no session. */
  readonly relay?: boolean | undefined
  /** The signed record as it is now. */
  record(): Awaitable<Uint8Array>
}

export interface SessionHandshakeOptions {
  readonly role: 'initiator' | 'responder'
  readonly peer: string
  /** Of the initiator: its record says that the peer is a relay. */
  readonly toRelay?: boolean | undefined
  /** The initiator's network: its name is ours, its key one of ours. */
  readonly network: WireNetwork
  /** Our connection id. */
  readonly id: Uint8Array
  /** Random, drawn when this node last knew nothing of the peer: tells it whether what it remembers of us still holds. */
  readonly life: Uint8Array
}

export interface HandshakeOutcome {
  readonly peer: string
  readonly byInitiator: boolean
  readonly record: MemberRecord
  readonly recordBytes: Uint8Array
  readonly ownId: Uint8Array
  readonly peerId: Uint8Array
  readonly ownLife: Uint8Array
  readonly peerLife: Uint8Array
  readonly order: number
  readonly sendKey: Uint8Array
  readonly receiveKey: Uint8Array
}

export class SessionHandshake {
  readonly #self: SessionIdentity
  readonly #options: SessionHandshakeOptions
  #noise: NoiseHandshake
  #peerId: Uint8Array = new Uint8Array(0)
  #order = 0

  constructor(self: SessionIdentity, options: SessionHandshakeOptions) {
    this.#self = self
    this.#options = options
    this.#noise = new NoiseHandshake({
      crypto: self.crypto,
      role: options.role,
      staticKeys: self.exchangeKeys,
      psk: byAdmission(self, options) ? undefined : keysBehind(self.keyring, options.network.keyHash)?.psk,
      prologue: sessionPrologue(self, options),
    })
  }

  /** The initiator's first message. `order` is greater than that of every handshake it knows of with this peer. */
  *first(order: number): Steps<Uint8Array> {
    this.#order = order
    return yield* this.#noise.writeMessage(new ByteWriter().bytes(this.#options.id).u48(order).finish())
  }

  /** The responder's answer to it; undefined when it does not hold. */
  *answer(peerId: Uint8Array, message: Uint8Array): Steps<Uint8Array | undefined> {
    const payload = yield* this.#noise.readMessage(message)
    if (payload?.length !== connectionIdBytes + 6) return undefined
    const reader = new ByteReader(payload)
    if (idText(reader.bytes(connectionIdBytes)) !== idText(peerId)) return undefined
    this.#peerId = peerId.slice()
    this.#order = reader.u48()
    const record = yield* wait(this.#self.record())
    return yield* this.#noise.writeMessage(concatBytes([this.#options.id, this.#options.life, record]))
  }

  /** The initiator's third message and what came of it all; an error when the second does not hold. */
  *conclude(message: Uint8Array): Steps<{ readonly message: Uint8Array; readonly outcome: HandshakeOutcome } | MeshError> {
    const noise = this.#noise.fork()
    const payload = yield* noise.readMessage(message)
    if (payload === undefined) return failed('the second message of a session handshake does not hold')
    const reader = new ByteReader(payload)
    const peerId = reader.bytes(connectionIdBytes).slice()
    const life = reader.bytes(lifeBytes).slice()
    const peer = reader.failed ? cutOff() : yield* this.#peer(noise, life, reader.rest())
    if (peer instanceof MeshError) return peer
    const record = yield* wait(this.#self.record())
    const admission = byAdmission(this.#self, this.#options) ? this.#self.keyring?.[0].admission : undefined
    const ownLife = this.#options.life
    const third = yield* noise.writeMessage(function* (handshakeHash) {
      const finish = encodeFinish({ record, admission: admission && (yield* signAdmission(admission, handshakeHash)) })
      return concatBytes([ownLife, finish])
    })
    this.#peerId = peerId
    return { message: third, outcome: yield* this.#outcome(noise, peer) }
  }

  /** What came of it at the responder; an error when the third message does not hold. */
  *accept(message: Uint8Array): Steps<HandshakeOutcome | MeshError> {
    const noise = this.#noise.fork()
    const payload = yield* noise.readMessage(message)
    if (payload === undefined) return failed('the third message of a session handshake does not hold')
    const reader = new ByteReader(payload)
    const life = reader.bytes(lifeBytes).slice()
    if (reader.failed) return cutOff()
    const finish = decodeFinish(reader.rest())
    if (isWireFault(finish)) return failed(finish.detail)
    if (!(yield* this.#admitted(finish, noise.payloadHash))) {
      return failed(`${this.#options.peer} did not show that it has the key of the network`, 'NETWORK_KEY_MISMATCH')
    }
    const peer = yield* this.#peer(noise, life, finish.record)
    return peer instanceof MeshError ? peer : yield* this.#outcome(noise, peer)
  }

  /** What a psk has proven already needs no admission. */
  *#admitted({ admission }: Finish, handshakeHash: Uint8Array | undefined): Steps<boolean> {
    const { crypto } = this.#self
    if (!byAdmission(this.#self, this.#options)) return true
    if (handshakeHash === undefined) return false
    return yield* admissionHolds(admission, { keyHash: this.#options.network.keyHash, handshakeHash, crypto })
  }

  *#peer(noise: NoiseHandshake, life: Uint8Array, bytes: Uint8Array): Steps<Peer | MeshError> {
    const recordBytes = bytes.slice()
    const record = yield* wait(openRecord(recordBytes, this.#self.crypto, this.#self.keyring))
    if (isWireFault(record)) return failed(`the peer's member record does not hold: ${record.detail}`)
    const { peer } = this.#options
    const mismatch = recordMismatch(this.#self, record)
    if (mismatch) return failed(`the record of ${peer} is of network '${record.network.name}'`, mismatch)
    if (record.address !== peer) return failed(`${peer} was asked for, ${record.address} answered`)
    if (!this.#mayBe(record.kind)) return failed(`${peer} is a ${record.kind} and has no such session`)
    const proven = noise.remoteStatic
    if (proven === undefined || !record.exchangeKey.every((byte, index) => byte === proven[index])) {
      return failed(`whoever is at the other end does not hold the key of ${peer}`)
    }
    return { life, record, recordBytes }
  }

  /** Who asks is a member. Who answers without the key of a network that has one must be a relay. */
  #mayBe(kind: MemberRecord['kind']): boolean {
    if (this.#options.role === 'responder') return kind === 'member'
    if (!isKeyed(this.#options.network)) return kind === 'member' || kind === 'relay'
    return kind === (this.#options.toRelay === true ? 'relay' : 'member')
  }

  *#outcome(noise: NoiseHandshake, { life, record, recordBytes }: Peer): Steps<HandshakeOutcome> {
    const { send, receive } = yield* noise.splitKeys()
    const { role, peer, id, life: ownLife } = this.#options
    return {
      peer,
      record,
      recordBytes,
      ownId: id,
      peerId: this.#peerId,
      ownLife,
      peerLife: life,
      order: this.#order,
      byInitiator: role === 'initiator',
      sendKey: send,
      receiveKey: receive,
    }
  }
}

interface Peer {
  readonly life: Uint8Array
  readonly record: MemberRecord
  readonly recordBytes: Uint8Array
}

/** Both addresses, the initiator's first: a message that is sent back to its author fits no handshake of the author (SE13). */
function sessionPrologue(self: SessionIdentity, { role, peer, network }: SessionHandshakeOptions): Uint8Array {
  const writer = new ByteWriter().string('hopmesh.1 session')
  encodeWireNetwork(writer, network)
  const [first, second] = role === 'initiator' ? [self.address, peer] : [peer, self.address]
  return writer.string(first).string(second).finish()
}

/** The network key is shown in message 3, and is no psk. */
function byAdmission({ relay }: SessionIdentity, { toRelay, network }: SessionHandshakeOptions): boolean {
  return isKeyed(network) && (relay === true || toRelay === true)
}

function cutOff(): MeshError {
  return failed('a message of a session handshake ends early')
}

function failed(message: string, code: MeshErrorCode = 'HANDSHAKE_FAILED'): MeshError {
  return new MeshError(code, message)
}
