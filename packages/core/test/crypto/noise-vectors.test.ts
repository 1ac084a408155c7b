import { readFileSync } from 'node:fs'
import { x25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import { run } from '../../src/async/awaitable.ts'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { NoiseHandshake, type NoiseOptions, type NoiseRole } from '../../src/crypto/noise.ts'
import type { ExchangeKeys } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

// The published vectors of snow, the Noise implementation in Rust: XX, and the psks in all places where its generator puts them. None of
// them is XXpsk0 alone, so the state machine also plays the psks of the other messages, which nobody uses.

interface Vector {
  readonly protocol_name: string
  readonly init_prologue: string
  readonly init_psks: readonly string[]
  readonly init_static: string
  readonly init_ephemeral: string
  readonly resp_prologue: string
  readonly resp_psks: readonly string[]
  readonly resp_static: string
  readonly resp_ephemeral: string
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[]
}

const crypto = nobleCrypto(new SeededDice('vectors'))
const { vectors } = JSON.parse(readFileSync(new URL('snow-vectors.json', import.meta.url), 'utf8')) as { vectors: Vector[] }
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const now = <T>(value: T | Promise<T>): T => value as T

function keysOf(hex: string): ExchangeKeys {
  const privateKey = bytesOf(hex)
  return { publicKey: x25519.getPublicKey(privateKey), privateKey } as ExchangeKeys
}

function side(role: NoiseRole, vector: Vector): NoiseHandshake {
  const own = role === 'initiator' ? 'init' : 'resp'
  const places = [...vector.protocol_name.matchAll(/psk(\d)/g)].map(([, at]) => Number(at))
  const psks = vector[`${own}_psks`].map(bytesOf)
  const options: NoiseOptions = {
    crypto,
    role,
    prologue: bytesOf(vector[`${own}_prologue`]),
    staticKeys: keysOf(vector[`${own}_static`]),
    ephemeralKeys: keysOf(vector[`${own}_ephemeral`]),
    psk: places[0] === 0 ? psks[0] : undefined,
    laterPsks: places.some((at) => at > 0)
      ? new Map(places.flatMap((at, index) => (at > 0 ? [[at as 1 | 2 | 3, psks[index]!] as const] : [])))
      : undefined,
  }
  return new NoiseHandshake(options)
}

describe('SE15 the published vectors of snow', () => {
  it.each(vectors.map((vector) => [vector.protocol_name, vector] as const))('%s, every byte of both sides', (name, vector) => {
    const initiator = side('initiator', vector)
    const responder = side('responder', vector)
    for (const [index, { payload, ciphertext }] of vector.messages.slice(0, 3).entries()) {
      const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator]
      expect(hexOf(now(run(writer.writeMessage(bytesOf(payload)))))).toBe(ciphertext)
      expect(hexOf(now(run(reader.readMessage(bytesOf(ciphertext))))!)).toBe(payload)
    }
    expect([initiator.finished, responder.finished]).toEqual([true, true])
    const ends = [now(run(initiator.split())), now(run(responder.split()))]
    for (const [index, { payload, ciphertext }] of vector.messages.slice(3).entries()) {
      // The responder spoke before; so these begin with it.
      const [writer, reader] = index % 2 === 0 ? [ends[1]!, ends[0]!] : [ends[0]!, ends[1]!]
      expect(hexOf(now(writer.send.seal(bytesOf(payload))))).toBe(ciphertext)
      expect(hexOf(now(reader.receive.open(bytesOf(ciphertext)))!)).toBe(payload)
    }
    expect(name).toMatch(/^Noise_XX/)
  })

  it('are five', () => {
    expect(vectors.map(({ protocol_name }) => protocol_name.split('_')[1])).toEqual([
      'XX',
      'XXpsk0+psk1',
      'XXpsk0+psk2',
      'XXpsk0+psk3',
      'XXpsk0+psk1+psk2+psk3',
    ])
  })
})
