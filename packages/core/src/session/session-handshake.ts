// How two members prove to each other who they are, from end to end: Noise XX, or XXpsk0 in a network with a key, in three
// messages that packets carry. This is the state machine of one handshake; repeating, sharing out and choosing is handshakes.ts.
//
//   first    { initiator's connection id 8 B, order 6 B }      readable without a key, but bound into everything behind it
//   second   { responder's connection id 8 B, life 8 B, member record }
//   third    { life 8 B, member record }
//
// A peer is who it says when the record's signature holds, its exchange key is the Noise static key, its key hashes to its address,
// and the address is the one that was asked for (SE4). A message that does not hold leaves no trace: the true one may still come.

import { wait, type Steps } from '../async/awaitable.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'
import { NoiseHandshake } from '../crypto/noise.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import { recordMismatch, type MemberRecord } from '../identity/member-record.ts'
import { keysBehind, type NetworkKeyring } from '../identity/network-key.ts'
import { openRecord } from '../identity/signed-record.ts'
import { encodeWireNetwork, type OwnNetworks, type WireNetwork } from '../identity/wire-network.ts'
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
  /** Of a network with a key: without it nobody has sessions there. */
  readonly keyring?: NetworkKeyring | undefined
  /** The signed record as it is now. */
  record(): Awaitable<Uint8Array>
}

export interface SessionHandshakeOptions {
  readonly role: 'initiator' | 'responder'
  readonly peer: string
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
      psk: keysBehind(self.keyring, options.network.keyHash)?.psk,
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
    const peer = yield* this.#peer(noise, reader)
    if (peer instanceof MeshError) return peer
    const record = yield* wait(this.#self.record())
    const third = yield* noise.writeMessage(concatBytes([this.#options.life, record]))
    this.#peerId = peerId
    return { message: third, outcome: yield* this.#outcome(noise, peer) }
  }

  /** What came of it at the responder; an error when the third message does not hold. */
  *accept(message: Uint8Array): Steps<HandshakeOutcome | MeshError> {
    const noise = this.#noise.fork()
    const payload = yield* noise.readMessage(message)
    if (payload === undefined) return failed('the third message of a session handshake does not hold')
    const peer = yield* this.#peer(noise, new ByteReader(payload))
    return peer instanceof MeshError ? peer : yield* this.#outcome(noise, peer)
  }

  *#peer(noise: NoiseHandshake, reader: ByteReader): Steps<Peer | MeshError> {
    const life = reader.bytes(lifeBytes).slice()
    const recordBytes = reader.rest().slice()
    if (reader.failed) return failed('a message of a session handshake ends early')
    const record = yield* wait(openRecord(recordBytes, this.#self.crypto, this.#self.keyring))
    if (isWireFault(record)) return failed(`the peer's member record does not hold: ${record.detail}`)
    const { peer } = this.#options
    const mismatch = recordMismatch(this.#self, record)
    if (mismatch) return failed(`the record of ${peer} is of network '${record.network.name}'`, mismatch)
    if (record.address !== peer) return failed(`${peer} was asked for, ${record.address} answered`)
    if (record.kind !== 'member' && record.kind !== 'relay') return failed(`a record of kind '${record.kind}' opens no session`)
    const proven = noise.remoteStatic
    if (proven === undefined || !record.exchangeKey.every((byte, index) => byte === proven[index])) {
      return failed(`whoever is at the other end does not hold the key of ${peer}`)
    }
    return { life, record, recordBytes }
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

function failed(message: string, code: MeshErrorCode = 'HANDSHAKE_FAILED'): MeshError {
  return new MeshError(code, message)
}
