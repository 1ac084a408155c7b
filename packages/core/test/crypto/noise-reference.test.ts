import { createCipheriv, createHash, hkdfSync } from 'node:crypto'
import { createRequire } from 'node:module'
import { beforeAll, expect, test } from 'vitest'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { type NoiseCipher, NoiseHandshake } from '../../src/crypto/noise.ts'
import { run } from '../../src/async/awaitable.ts'
import type { ExchangeKeys } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

// SE15: our state machine against another one, noise-c (https://github.com/rweather/noise-c) compiled to WebAssembly, and
// the psk, whose present form noise-c does not know, against the formulas of the specification written in one line each.

interface ReferenceCipher {
  EncryptWithAd(associated: Uint8Array, plain: Uint8Array): Uint8Array
  DecryptWithAd(associated: Uint8Array, sealed: Uint8Array): Uint8Array
}
interface ReferenceHandshake {
  Initialize(prologue: Uint8Array, own: Uint8Array, remote: null, psk: null): void
  WriteMessage(payload: Uint8Array): Uint8Array
  ReadMessage(message: Uint8Array, payloadNeeded: true): Uint8Array
  GetHandshakeHash(): Uint8Array
  Split(): [ReferenceCipher, ReferenceCipher]
}
interface Reference {
  constants: { NOISE_ROLE_INITIATOR: number; NOISE_ROLE_RESPONDER: number }
  HandshakeState: (protocol: string, role: number) => ReferenceHandshake
}

const crypto = nobleCrypto(new SeededDice('reference'))
const prologue = new TextEncoder().encode('both said this')
const payloads = ['', 'the record of the listener', 'the record of the dialer'].map((text) => new TextEncoder().encode(text))
const nothing = new Uint8Array(0)
const values = (bytes: Uint8Array): number[] => [...bytes]
let reference: Reference

beforeAll(async () => {
  const create = createRequire(import.meta.url)('noise-c.wasm') as (options: object, ready: (noise: Reference) => void) => void
  reference = await new Promise((resolve) => create({ printErr: () => {} }, resolve))
})

const exchangeKeys = (): ExchangeKeys => crypto.generateExchangeKeys() as ExchangeKeys

test.each(['initiator', 'responder'] as const)('SE15 XX as %s agrees with noise-c on payloads, hash and both ciphers', (role) => {
  const { NOISE_ROLE_INITIATOR, NOISE_ROLE_RESPONDER } = reference.constants
  const otherRole = role === 'initiator' ? NOISE_ROLE_RESPONDER : NOISE_ROLE_INITIATOR
  const other = reference.HandshakeState('Noise_XX_25519_AESGCM_SHA256', otherRole)
  const otherKeys = exchangeKeys()
  other.Initialize(prologue, otherKeys.privateKey as Uint8Array, null, null)
  const ours = new NoiseHandshake({ crypto, role, staticKeys: exchangeKeys(), prologue })
  for (const [index, payload] of payloads.entries()) {
    const oursWrites = (index % 2 === 0) === (role === 'initiator')
    const read = oursWrites
      ? other.ReadMessage(run(ours.writeMessage(payload)) as Uint8Array, true)
      : (run(ours.readMessage(other.WriteMessage(payload))) as Uint8Array)
    expect(values(read)).toEqual(values(payload))
  }
  expect(ours.remoteStatic).toEqual(otherKeys.publicKey)
  expect(values(other.GetHandshakeHash())).toEqual(values(ours.handshakeHash))
  const { send, receive } = run(ours.split()) as { send: NoiseCipher; receive: NoiseCipher }
  const [otherSend, otherReceive] = other.Split()
  for (const text of ['first', '', 'third']) {
    const plain = new TextEncoder().encode(text)
    expect(values(otherReceive.DecryptWithAd(nothing, send.seal(plain) as Uint8Array))).toEqual(values(plain))
    expect(values(receive.open(otherSend.EncryptWithAd(nothing, plain)) as Uint8Array)).toEqual(values(plain))
  }
})

test('SE15 message 1 of XXpsk0 is what the formulas of the specification give', () => {
  const psk = new Uint8Array(32).fill(0x42)
  const ephemeralKeys = exchangeKeys()
  const ours = new NoiseHandshake({ crypto, role: 'initiator', staticKeys: exchangeKeys(), prologue, psk, ephemeralKeys })
  const payload = payloads[1] as Uint8Array

  const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
  const hkdf = (salt: Uint8Array, material: Uint8Array, count: number): Buffer[] => {
    const all = Buffer.from(hkdfSync('sha256', material, salt, nothing, count * 32))
    return Array.from({ length: count }, (_, index) => all.subarray(index * 32, index * 32 + 32))
  }
  const name = Buffer.from('Noise_XXpsk0_25519_AESGCM_SHA256')
  const afterPrologue = sha256(name, prologue)
  const [chainAfterPsk, mixed] = hkdf(name, psk, 3) as [Buffer, Buffer]
  const afterEphemeral = sha256(sha256(afterPrologue, mixed), ephemeralKeys.publicKey)
  const [, key] = hkdf(chainAfterPsk, ephemeralKeys.publicKey, 2) as [Buffer, Buffer]
  const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12)).setAAD(afterEphemeral)
  const sealed = Buffer.concat([cipher.update(payload), cipher.final(), cipher.getAuthTag()])

  expect(values(run(ours.writeMessage(payload)) as Uint8Array)).toEqual([...ephemeralKeys.publicKey, ...sealed])
  expect(values(ours.handshakeHash)).toEqual(values(sha256(afterEphemeral, sealed)))
})
