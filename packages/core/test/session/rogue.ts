import { run } from '../../src/async/awaitable.ts'
import { addressOf, whoOf } from '../../src/identity/address.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { RecordOpener, RecordSealer } from '../../src/session/record.ts'
import { decodeFrames, writeFrame, type SessionFrame } from '../../src/session/session-frames.ts'
import { SessionHandshake, type SessionIdentity } from '../../src/session/session-handshake.ts'
import { decodeSessionPacket, encodeFirst, encodePieces, type SessionPacket } from '../../src/session/session-packet.ts'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { ByteWriter } from '../../src/wire/bytes.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { now } from '../routing/router-world.ts'
import type { SessionWorld, WorldNode } from './session-world.ts'

/** Has a true identity and true keys, and says with them whatever a test wants. */
export class Rogue {
  readonly address: string
  readonly identity: SessionIdentity
  readonly heard: SessionFrame[] = []
  readonly packets: SessionPacket[] = []
  readonly #world: SessionWorld
  readonly #victim: WorldNode
  readonly #id: Uint8Array
  readonly #handshake: SessionHandshake
  #keys: { readonly sealer: RecordSealer; readonly opener: RecordOpener } | undefined

  constructor(world: SessionWorld, victim: WorldNode, options: { record?: Partial<MemberRecord>; name?: string } = {}) {
    this.#world = world
    this.#victim = victim
    const dice = new SeededDice(`rogue ${options.name ?? ''}`)
    const crypto = toyCrypto(dice)
    const keyPair = now(crypto.generateKeyPair())
    const exchangeKeys = now(crypto.generateExchangeKeys())
    const network = wireNetwork('garden')
    const address = addressOf(now(whoOf(keyPair.publicKey, crypto)), 'roug')
    const record: MemberRecord = {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48: seq48Of(1_700_000_000, 0),
      kind: 'member',
      name: 'rogue',
      capabilities: [],
      services: [],
      plainHosts: [],
      ...options.record,
    }
    const signed = now(signRecord(record, keyPair))
    this.address = address
    this.identity = { crypto, exchangeKeys, network, address, record: () => signed }
    this.#id = dice.bytes(8)
    this.#handshake = new SessionHandshake(this.identity, {
      role: 'initiator',
      peer: victim.address,
      network,
      id: this.#id,
      life: dice.bytes(8),
    })
    world.listen(address, ({ data }) => this.#hear(data))
  }

  get isOpen(): boolean {
    return this.#keys !== undefined
  }

  /** Asks for a session; a second later it is there. */
  async open(): Promise<void> {
    this.say(encodeFirst(this.#id, new Uint8Array(16), now(run(this.#handshake.first(1)))))
    await this.#world.advance(1_000)
  }

  /** Any bytes, as a packet of a session. */
  say(data: Uint8Array): void {
    this.#world.deliver({ from: this.address, to: this.#victim.address, data })
  }

  frames(...frames: readonly SessionFrame[]): void {
    const writer = new ByteWriter()
    for (const frame of frames) writeFrame(writer, frame)
    this.plain(writer.finish())
  }

  /** Any bytes, sealed as a record. */
  plain(bytes: Uint8Array): void {
    const { sealer } = this.#keys!
    this.say(now(run(sealer.seal(sealer.takeNumber(), bytes))).finish())
  }

  #hear(data: Uint8Array): void {
    const packet = decodeSessionPacket(data)
    if (isWireFault(packet)) throw new Error(packet.detail)
    this.packets.push(packet)
    if (packet.kind === 'second' && !this.#keys) this.#conclude(packet.bytes)
    if (packet.kind !== 'record' || !this.#keys) return
    const plain = now(run(this.#keys.opener.open(packet.number, packet.sealed)))
    if (typeof plain === 'string') return
    const frames = decodeFrames(plain)
    if (!isWireFault(frames)) this.heard.push(...frames)
  }

  #conclude(message: Uint8Array): void {
    const concluded = now(run(this.#handshake.conclude(message)))
    if (concluded instanceof MeshError) return
    const { outcome } = concluded
    for (const packet of encodePieces('third', outcome.peerId, concluded.message)) this.say(packet)
    const { crypto } = this.identity
    this.#keys = {
      sealer: new RecordSealer({
        crypto,
        key: outcome.sendKey,
        id: outcome.peerId,
        source: this.address,
        destination: this.#victim.address,
      }),
      opener: new RecordOpener({ crypto, key: outcome.receiveKey, id: this.#id, source: this.#victim.address, destination: this.address }),
    }
  }
}
