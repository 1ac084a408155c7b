import { run } from '../../src/async/awaitable.ts'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { addressOf, whoOf, type Address } from '../../src/identity/address.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { deriveNetworkKeys, type NetworkKeyring, type NetworkKeys } from '../../src/identity/network-key.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { Handshake, type HandshakeContext, type HandshakeIdentity, type HandshakeStep } from '../../src/link/handshake.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { decodeLinkFrame } from '../../src/wire/link-frame.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { now } from '../routing/router-world.ts'

/** Counts the Diffie-Hellman exchanges that somebody was made to compute. */
export class CountingCrypto {
  exchanges = 0
  readonly port: Crypto

  constructor(crypto: Crypto) {
    this.port = {
      ...crypto,
      exchange: (...given) => {
        this.exchanges += 1
        return crypto.exchange(...given)
      },
    }
  }
}

export const noble: Crypto = nobleCrypto(new SeededDice(21))

export interface Node extends HandshakeIdentity {
  readonly address: Address
}

export interface NodeOptions {
  readonly keys?: readonly NetworkKeys[]
  readonly kind?: MemberRecord['kind']
  readonly crypto?: Crypto
  readonly changes?: Partial<MemberRecord>
}

export function networkKeys(byte: number, network = 'garden'): NetworkKeys {
  return now(deriveNetworkKeys({ kind: 'bytes', bytes: new Uint8Array(32).fill(byte) }, network, noble))
}

/** A member with these keys, or a relay that knows no more of them than their hashes. */
export function node({ keys = [], kind = 'member', crypto = noble, changes = {} }: NodeOptions = {}): Node {
  const keyPair = now(noble.generateKeyPair())
  const exchangeKeys = now(noble.generateExchangeKeys())
  const address = addressOf(now(whoOf(keyPair.publicKey, noble)), 'aaaa')
  const network = wireNetwork('garden', keys[0]?.keyHash)
  const record: MemberRecord = {
    network,
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: exchangeKeys.publicKey,
    seq48: seq48Of(1_700_000_000, 0),
    kind,
    name: 'Ada',
    capabilities: [],
    services: [],
    plainHosts: [],
    ...changes,
  }
  const relay = kind === 'relay'
  const seal = keys[0] && !relay ? { crypto: noble, keys: keys[0] } : undefined
  const bytes = now(signRecord(record, keyPair, seal))
  return {
    crypto,
    exchangeKeys,
    network,
    address,
    relay,
    record: () => bytes,
    otherKeyHashes: keys.slice(1).map(({ keyHash }) => keyHash),
    keyring: keys.length > 0 && !relay ? (keys as unknown as NetworkKeyring) : undefined,
  }
}

export interface Meeting {
  /** What each side makes of the other: its address, or the code of the error; the dialer's first. */
  readonly seen: [string, string]
  readonly unconfirmed: boolean
  /** Every frame, in order, as it arrived. */
  readonly frames: readonly Uint8Array[]
}

export interface MeetingOptions {
  readonly dialer?: Partial<HandshakeContext>
  readonly listener?: Partial<HandshakeContext>
  /** Somebody in between: what arrives in place of frame `index`. */
  readonly between?: (frame: Uint8Array, index: number) => Uint8Array
}

/** The three frames, one after the other. */
export async function meet(dialing: Node, listening: Node, options: MeetingOptions = {}): Promise<Meeting> {
  const plain: HandshakeContext = { greetings: [], binding: undefined, expect: undefined }
  const sides = [
    new Handshake('dialer', dialing, { ...plain, ...options.dialer }),
    new Handshake('listener', listening, { ...plain, ...options.listener }),
  ] as const
  const seen: [string, string] = ['nothing', 'nothing']
  const frames: Uint8Array[] = []
  let unconfirmed = false
  let bytes: Uint8Array | undefined = await run(sides[0].hello())
  for (let turn = 0; bytes; turn += 1) {
    const arriving: Uint8Array = options.between?.(bytes, turn) ?? bytes
    frames.push(arriving)
    const frame = decodeLinkFrame(arriving)
    if (isWireFault(frame)) throw new Error(frame.detail)
    const side = turn % 2 === 0 ? 1 : 0
    const step: HandshakeStep = await run(sides[side].receive(frame.kind, frame.body))
    if (step.failed) seen[side] = step.failed.code
    if (step.done) seen[side] = step.done.record.address
    unconfirmed ||= step.done?.unconfirmed === true
    bytes = step.failed ? undefined : step.send
  }
  return { seen, unconfirmed, frames }
}
