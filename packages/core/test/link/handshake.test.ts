import { describe, expect, it } from 'vitest'
import { addressOf, whoOf, type Address } from '../../src/identity/address.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { Handshake, type HandshakeContext, type HandshakeIdentity, type HandshakeStep } from '../../src/link/handshake.ts'
import { run } from '../../src/async/awaitable.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { decodeLinkFrame } from '../../src/wire/link-frame.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { now } from '../routing/router-world.ts'

const crypto = toyCrypto(new SeededDice(3))
const network = wireNetwork('garden')
const plainContext: HandshakeContext = { greetings: [], binding: undefined, expect: undefined }

interface Node extends HandshakeIdentity {
  readonly address: Address
}

function node(changes: Partial<MemberRecord> = {}): Node {
  const keyPair = now(crypto.generateKeyPair())
  const exchangeKeys = now(crypto.generateExchangeKeys())
  const address = addressOf(now(whoOf(keyPair.publicKey, crypto)), 'aaaa')
  const record: MemberRecord = {
    network,
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: exchangeKeys.publicKey,
    seq48: seq48Of(1_700_000_000, 0),
    kind: 'member',
    name: '',
    capabilities: [],
    services: [],
    plainHosts: [],
    ...changes,
  }
  const bytes = now(signRecord(record, keyPair))
  return { crypto, exchangeKeys, network, address, record: () => bytes }
}

/** The three frames; what each side makes of the other: its address, or the code of the error. */
function greet(
  dialing: Node,
  listening: Node,
  contexts: { dialer?: Partial<HandshakeContext>; listener?: Partial<HandshakeContext> } = {},
): string[] {
  const dialer = new Handshake('dialer', dialing, { ...plainContext, ...contexts.dialer })
  const listener = new Handshake('listener', listening, { ...plainContext, ...contexts.listener })
  const seen: [string, string] = ['nothing', 'nothing']
  let bytes: Uint8Array | undefined = now(run(dialer.hello()))
  for (let turn = 0; bytes; turn += 1) {
    const frame = decodeLinkFrame(bytes)
    if (isWireFault(frame)) throw new Error(frame.detail)
    const side = turn % 2 === 0 ? 1 : 0
    const step: HandshakeStep = now(run([dialer, listener][side]!.receive(frame.kind, frame.body)))
    if (step.failed) seen[side] = step.failed.code
    if (step.done) seen[side] = step.done.record.address
    bytes = step.failed ? undefined : step.send
  }
  return seen
}

describe('the handshake of a link', () => {
  it('each side knows who the other one is', () => {
    const [a, b] = [node(), node()]
    expect(greet(a, b)).toEqual([b.address, a.address])
  })

  it('a record of somebody else is no proof: the key of the handshake must be the one that it names (SE4)', () => {
    const [a, b, thief] = [node(), node(), node()]
    expect(greet(a, { ...thief, record: b.record })).toEqual(['HANDSHAKE_FAILED', 'nothing'])
    expect(greet({ ...thief, record: a.record }, b)).toEqual([b.address, 'HANDSHAKE_FAILED'])
  })

  it('a record of another network is no ticket for this one', () => {
    const [a, stranger] = [node(), node({ network: wireNetwork('house') })]
    expect(greet(a, stranger)).toEqual(['NETWORK_MISMATCH', 'nothing'])
    expect(greet(stranger, a)).toEqual([a.address, 'NETWORK_MISMATCH'])
  })

  it("ALN-01 one's own address at the other end is IDENTITY_IN_USE", () => {
    const a = node()
    expect(greet(a, a)).toEqual(['IDENTITY_IN_USE', 'nothing'])
  })

  it('two sides that heard different greetings do not agree: nobody in between may change them (SE13)', () => {
    const [a, b] = [node(), node()]
    const greetings = ['M1;1;one', 'M1;1;two']
    expect(greet(a, b, { dialer: { greetings }, listener: { greetings } })).toEqual([b.address, a.address])
    for (const heard of [['M1;1;one', 'M1;0;two'], ['M1;1;oneM1;1;two'], []]) {
      expect(greet(a, b, { dialer: { greetings }, listener: { greetings: heard } })).toEqual(['HANDSHAKE_FAILED', 'nothing'])
    }
  })
})
