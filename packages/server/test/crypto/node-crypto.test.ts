import { webcrypto } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nobleCrypto, keyPairFromSeed } from '../../../core/src/crypto/noble-crypto.ts'
import { webCrypto } from '../../../core/src/crypto/web-crypto.ts'
import { run } from '../../../core/src/async/awaitable.ts'
import type { Crypto } from '../../../core/src/ports/crypto.ts'
import { SeededDice } from '../../../core/src/testing/seeded-dice.ts'
import { cryptoContract } from '../../../core/test/crypto/crypto-contract.ts'
import { ciphersAgree, payloads, runHandshake } from '../../../core/test/crypto/noise-session.ts'
import { nodeCrypto, nodeKeyPair } from '../../src/node-crypto.ts'

const noble = nobleCrypto(new SeededDice('node'))
const web = webCrypto(webcrypto.subtle)
const node = nodeCrypto()
const message = Uint8Array.of(1, 2, 3)

cryptoContract({ name: 'node:crypto', crypto: node, synchronous: true, reference: noble })

describe.each([
  ['node and node', node, node],
  ['node and noble', node, noble],
  ['noble and node', noble, node],
  ['node and WebCrypto', node, web],
  ['WebCrypto and node', web, node],
] as [string, Crypto, Crypto][])('Noise between %s', (_, left, right) => {
  test.each([
    ['XX', undefined],
    ['XXpsk0', new Uint8Array(32).fill(5)],
  ])('SE15 %s: both agree', async (_pattern, psk) => {
    const { initiator, responder, read } = await runHandshake({ crypto: left, psk }, { crypto: right, psk })
    expect(read).toEqual(payloads)
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash)
    expect(await ciphersAgree(await run(initiator.split()), await run(responder.split()))).toBe(true)
  })
})

test('the same seed is the same identity in Node and in JavaScript', async () => {
  const seed = new Uint8Array(32).fill(3)
  const [ours, theirs] = [nodeKeyPair(seed), keyPairFromSeed(seed)]
  expect(ours.publicKey).toEqual(theirs.publicKey)
  expect(await ours.sign(seed)).toEqual(await theirs.sign(seed))
})

test('public keys beyond the bound of those kept parsed still verify', async () => {
  const keyPair = await node.generateKeyPair()
  const signature = await keyPair.sign(message)
  expect(node.verify(keyPair.publicKey, message, signature)).toBe(true)
  const dice = new SeededDice('others')
  for (let count = 0; count < 2_100; count += 1) expect(node.verify(dice.bytes(32), message, signature)).toBe(false)
  expect(node.verify(keyPair.publicKey, message, signature)).toBe(true)
})
