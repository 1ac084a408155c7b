// What is signed, and what keys are read from.

import { exampleLife } from './example-gossip.mjs'
import { exampleMembers } from './example-member.mjs'
import { bytesOf, latin, utf8, wordsOf } from './inputs.mjs'
import { orCode } from './or-code.mjs'

export async function identityTargets(load) {
  const { signRecord, openRecord } = await load('core/identity/signed-record')
  const { wireNetwork } = await load('core/identity/wire-network')
  const { deriveNetworkKeys, networkKeySources } = await load('core/identity/network-key')
  const { keyOfText, keyText, keyTextKind } = await load('core/identity/key-text')
  const { identitySeed } = await load('core/identity/identity-text')
  const { decodeFinish, encodeFinish } = await load('core/identity/admission')
  const { broadcastHolds, readBroadcast, signBroadcast } = await load('core/identity/broadcast-proof')
  const { readReceipt, receiptHolds, signReceipt } = await load('core/identity/receipt-proof')
  const { run } = await load('core/async/awaitable')
  const { MeshError } = await load('core/errors/mesh-error')

  const { crypto, keyPair, network, address, fields } = (await exampleMembers(load))('Ada', {
    capabilities: ['webrtc'],
    services: [
      { service: 'ping', load: 1 },
      { service: 'inside', load: 7, plain: false },
    ],
    plainHosts: [{ address: 'thing', hops: 2, services: [{ service: 'read', load: 3 }] }],
  })
  const keys = deriveNetworkKeys({ kind: 'bytes', bytes: new Uint8Array(32).fill(7) }, 'garden', crypto)
  const keyed = { ...fields, network: wireNetwork('garden', keys.keyHash) }
  // A crypto port that takes every signature: what stands behind one is read too.
  const gullible = { ...crypto, verify: () => true }
  const signed = [
    signRecord(fields, keyPair),
    signRecord({ ...fields, kind: 'left', services: [], plainHosts: [] }, keyPair),
    signRecord(keyed, keyPair, { crypto, keys }),
  ]
  const frame = { network, origin: address, service: '$news' }
  const broadcasts = [undefined, keys].map((held) =>
    run(
      signBroadcast(
        frame,
        { epoch: 7, counter: 9, fleeting: false, ownTree: false, before: 3, saidAt: 1_700_000_000_000, body: utf8.encode('hello') },
        { crypto, keyPair, keys: held, salt: new Uint8Array(16) },
      ),
    ),
  )
  const admission = new Uint8Array(96).fill(5)
  const receipt = run(
    signReceipt(
      {
        from: address,
        rows: {
          ...exampleLife,
          ranges: [
            { start: 1, end: 4 },
            { start: 9, end: 300 },
          ],
        },
      },
      { network, keyPair },
    ),
  )

  return [
    {
      name: 'record',
      seeds: signed,
      run(input) {
        for (const port of [crypto, gullible]) {
          openRecord(input, port)
          openRecord(input, port, [keys])
        }
      },
    },
    {
      name: 'finish',
      seeds: [encodeFinish({ record: signed[0], admission, token: 'a.b.c' }), encodeFinish({ record: signed[0] })],
      run: (input) => decodeFinish(input),
    },
    {
      name: 'broadcast',
      seeds: broadcasts,
      run(input) {
        readBroadcast(input)
        run(broadcastHolds(frame, input, { publicKey: keyPair.publicKey, crypto: gullible }))
      },
    },
    {
      name: 'receipt',
      seeds: [receipt],
      run(input) {
        readReceipt(input)
        run(receiptHolds(input, { network, publicKey: keyPair.publicKey, crypto: gullible }))
      },
    },
    {
      name: 'key text',
      seeds: ['network', 'admission', 'operator', 'identity'].map((kind) =>
        bytesOf(` ${keyText(kind, new Uint8Array(32).fill(3)).toUpperCase()}\n`),
      ),
      words: wordsOf('hmk-', 'hmp-', 'hmo-', 'hmi-', ' '),
      run(input) {
        const given = latin(input)
        keyTextKind(given)
        for (const kind of ['network', 'admission', 'operator', 'identity']) keyOfText(kind, given)
        for (const reading of [() => networkKeySources(given), () => networkKeySources([given, input]), () => identitySeed(given)])
          orCode(reading, MeshError)
      },
    },
  ]
}
