// What a relay is asked before it knows by whom, and the files and tokens that its operator gives it.

import { bytesOf, latin, wordsOf } from './inputs.mjs'
import { orCode } from './or-code.mjs'

export async function serverTargets(load) {
  const { readHello, readStreamSelection, readTextSelection } = await load('server/relay/network-choice')
  const { loadIdentityFile } = await load('server/identity-file')
  const { readNetworkKeys, readOperatorKeys, readPinnedKeys } = await load('server/key-file')
  const { StoreFile } = await load('server/store-file')
  const { TokenGate, signToken } = await load('server/tokens')
  const { nodeKeyPair } = await load('server/node-crypto')
  const { MeshError } = await import('@hopmesh/core')
  const { encodePacket, frame, keyText } = await import('@hopmesh/core')
  const { chmodSync, mkdtempSync, writeFileSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')

  const path = join(mkdtempSync(join(tmpdir(), 'hopmesh-fuzz-')), 'file')
  const asFile = (input) => {
    writeFileSync(path, input, { mode: 0o600 })
    chmodSync(path, 0o600)
  }
  const seed = new Uint8Array(32).fill(5)
  const who = 'kabcdefghijklmnopqrstuvwxyz'
  const gate = new TokenGate('kaaaaaaaaaaaaaaaaaaaaaaaaaa', [nodeKeyPair(seed).publicKey])
  const token = await signToken({ network: 'garden', who, expiresAt: Math.floor(Date.now() / 1_000) + 86_400 }, seed)
  const identity = { version: 1, seed: Buffer.from(seed).toString('base64url'), epoch: 5, tab: 'abcd' }
  const covers = /packages\/server\/(dist|src)\//

  return [
    {
      name: 'selection',
      seeds: [
        frame(encodePacket({ destAddr: 'garden' })),
        frame(encodePacket({ netState: 3 })),
        bytesOf('{"dst":"/garden"}'),
        Uint8Array.of(1, 1, 1, 4, 104, 111, 109, 101, ...new Uint8Array(48)),
      ],
      words: wordsOf('"dst":', '"srv":', '/garden'),
      covers,
      run(input) {
        readHello(input)
        readStreamSelection(input)
        readTextSelection(input)
      },
    },
    {
      name: 'identity file',
      seeds: [bytesOf(JSON.stringify(identity)), bytesOf(JSON.stringify({ ...identity, tab: undefined, epoch: 0 }))],
      words: wordsOf('"version":1', '"seed":', '"epoch":', '"tab":', 'null', '__proto__'),
      covers,
      batchRuns: 16,
      run(input) {
        asFile(input)
        orCode(() => loadIdentityFile(path), MeshError)
      },
    },
    {
      name: 'store file',
      seeds: [bytesOf('["a/b","aGVsbG8="]\n["a/b"]\n["c","AA=="]\n["cut o'), bytesOf('[]\n{}\nnull\n\n')],
      words: ['["', '","', '"]', '\n', 'null', '__proto__', 'constructor'].map((word) => bytesOf(word)),
      covers,
      batchRuns: 16,
      run(input) {
        asFile(input)
        orCode(() => new StoreFile(path).close(), MeshError)
      },
    },
    {
      name: 'key file',
      seeds: [
        bytesOf(`# comment\n${keyText('network', seed)}\n`),
        bytesOf(`${keyText('admission', seed)}\n${keyText('operator', seed)}\n`),
        bytesOf('a passphrase of some length\n'),
      ],
      words: wordsOf('hmk-', 'hmp-', 'hmo-', '#', '\n', '\r\n'),
      covers,
      batchRuns: 16,
      run(input) {
        asFile(input)
        for (const reading of [readNetworkKeys, readOperatorKeys, readPinnedKeys]) orCode(() => reading(path), MeshError)
      },
    },
    {
      name: 'token',
      seeds: [bytesOf(token), bytesOf(token.split('.').slice(0, 2).join('.')), bytesOf('..')],
      words: [...token.split('.').map((part) => bytesOf(part)), bytesOf('.'), bytesOf('eyJhbGciOiJub25lIn0')],
      covers,
      batchRuns: 16,
      allocationsMax: () => 16_777_216,
      async run(input) {
        const judged = await gate.judge({ token: latin(input), who, network: 'garden' })
        if (!('code' in judged) && latin(input) !== token) throw new Error(`a token that nobody signed was taken: ${latin(input)}`)
      },
    },
  ]
}
