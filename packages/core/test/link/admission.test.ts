import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { decodeFinish, encodeFinish, tokenBytesMax } from '../../src/identity/admission.ts'
import type { JoiningMember } from '../../src/link/handshake.ts'
import { decodeHello, encodeHello } from '../../src/wire/link-frame.ts'
import { WireFault } from '../../src/wire/wire-fault.ts'
import { lowOrderPoints } from '../crypto/crypto-contract.ts'
import { CountingCrypto, meet, networkKeys, noble, node, type Node } from './keyed-handshake.ts'

const [ours, theirs] = [networkKeys(1), networkKeys(2)]
const toRelay = { dialer: { toRelay: true } }

describe('members of a network with a key', () => {
  it('PY-06 know each other, and need no word from the other side to begin', async () => {
    const [ada, bob] = [node({ keys: [ours] }), node({ keys: [ours] })]
    const { seen, unconfirmed } = await meet(ada, bob)
    expect(seen).toEqual([bob.address, ada.address])
    expect(unconfirmed).toBe(false)
  })

  it('PY-05 another key, or none, is NETWORK_KEY_MISMATCH before any arithmetic', async () => {
    for (const stranger of [node({ keys: [theirs] }), node()]) {
      const counting = new CountingCrypto(noble)
      expect((await meet(stranger, node({ keys: [ours], crypto: counting.port }))).seen).toEqual(['nothing', 'NETWORK_KEY_MISMATCH'])
      expect(counting.exchanges).toBe(0)
    }
    expect((await meet(node({ keys: [ours] }), node())).seen[1]).toBe('NETWORK_KEY_MISMATCH')
  })

  it('SE3 who knows the hash and not the key fails on message 1, before any exchange, and is told nothing', async () => {
    const counting = new CountingCrypto(noble)
    const bob = node({ keys: [ours], crypto: counting.port })
    // The hash stands in every hello; the psk does not.
    const stranger = node({ keys: [{ ...theirs, keyHash: ours.keyHash }] })
    const { seen, frames } = await meet(stranger, bob)
    expect(seen).toEqual(['nothing', 'HANDSHAKE_FAILED'])
    expect(frames).toHaveLength(1)
    expect(counting.exchanges).toBe(0)
  })

  it('SE10 a member whose record was sealed by another key is none of this network', async () => {
    const half = node({ keys: [{ ...ours, broadcastKey: theirs.broadcastKey }] })
    expect((await meet(half, node({ keys: [ours] }))).seen[0]).toBe('NETWORK_KEY_MISMATCH')
  })

  it('SE8 during a rotation old and new understand each other, and a key that is over does not', async () => {
    const stages = [[theirs], [theirs, ours], [ours, theirs], [ours]]
    for (const [index, keys] of stages.entries()) {
      for (const [other, otherKeys] of stages.entries()) {
        const [ada, bob] = [node({ keys }), node({ keys: otherKeys })]
        const { seen } = await meet(ada, bob)
        if (Math.abs(index - other) < 2) expect(seen, `${index} to ${other}`).toEqual([bob.address, ada.address])
        else if (Math.abs(index - other) === 3) expect(seen).toEqual(['nothing', 'NETWORK_KEY_MISMATCH'])
      }
    }
  })
})

describe('SE2 members and relays', () => {
  it('a relay lets in by admission, without the network key; the dialer waits for its word', async () => {
    const [ada, relay] = [node({ keys: [ours] }), node({ keys: [ours], kind: 'relay' })]
    expect(relay.keyring).toBeUndefined()
    const { seen, unconfirmed, frames } = await meet(ada, relay, toRelay)
    expect(seen).toEqual([relay.address, ada.address])
    expect(unconfirmed).toBe(true)
    // Neither the psk nor the name crosses the wire; the relay could not open the name anyhow.
    for (const frame of frames) expect(new TextDecoder('latin1').decode(frame)).not.toContain('Ada')
  })

  it('a relay that pins several keys takes each of them', async () => {
    const relay = node({ keys: [theirs, ours], kind: 'relay' })
    for (const keys of [[ours], [theirs], [ours, theirs]]) {
      const ada = node({ keys })
      expect((await meet(ada, relay, toRelay)).seen).toEqual([relay.address, ada.address])
    }
  })

  it('"I am a relay" is no door: a member never answers a handshake without the psk', async () => {
    const counting = new CountingCrypto(noble)
    for (const dialer of [node({ keys: [ours] }), node({ keys: [ours], kind: 'relay' })]) {
      const { seen, frames } = await meet(dialer, node({ keys: [ours], crypto: counting.port }), toRelay)
      expect(seen).toEqual(['nothing', 'HANDSHAKE_FAILED'])
      expect(frames).toHaveLength(1)
    }
    expect(counting.exchanges).toBe(0)
  })

  it('a dialer that asked for a relay takes no member in its place', async () => {
    // Without the psk anybody can answer a relay's handshake; its record says what it is.
    const false_relay: Node = { ...node({ keys: [ours], kind: 'member' }), relay: true }
    expect((await meet(node({ keys: [ours] }), false_relay, toRelay)).seen[0]).toBe('HANDSHAKE_FAILED')
    const unsealed: Node = { ...node({ keys: [ours], kind: 'relay', changes: { kind: 'member' } }), relay: true }
    expect((await meet(node({ keys: [ours] }), unsealed, toRelay)).seen[0]).toBe('NETWORK_KEY_MISMATCH')
  })

  it('a relay refuses who shows no admission, that of another key, or one that was made in another handshake', async () => {
    const relay = node({ keys: [ours], kind: 'relay' })
    const stranger = node({ keys: [ours] })
    const impostors: Node[] = [
      { ...stranger, keyring: undefined },
      { ...stranger, keyring: [{ ...ours, admission: theirs.admission }] },
      // The public half is no secret to relays; the signature of an earlier handshake is bound to that one.
      {
        ...stranger,
        keyring: [{ ...ours, admission: { publicKey: ours.admission.publicKey, sign: () => ours.admission.sign(new Uint8Array(51)) } }],
      },
    ]
    for (const impostor of impostors) expect((await meet(impostor, relay, toRelay)).seen[1]).toBe('NETWORK_KEY_MISMATCH')
    expect((await meet(stranger, relay, toRelay)).seen[1]).toBe(stranger.address)
  })

  it('SE18 a token goes in message 3, and the last word of the relay is a code', async () => {
    const [ada, relay] = [node(), node({ kind: 'relay' })]
    const asked: JoiningMember[] = []
    const admitMember = (member: JoiningMember): MeshError | undefined => {
      asked.push(member)
      return member.token === 'good' ? undefined : new MeshError('TOKEN_REQUIRED', 'no token')
    }
    const dialed = await meet(ada, relay, { dialer: { toRelay: true, token: () => 'good' }, listener: { admitMember } })
    expect(dialed.seen).toEqual([relay.address, ada.address])
    expect(dialed.unconfirmed).toBe(true)
    for (const frame of dialed.frames) expect(new TextDecoder('latin1').decode(frame)).not.toContain('good')
    expect((await meet(ada, relay, { ...toRelay, listener: { admitMember } })).seen[1]).toBe('TOKEN_REQUIRED')
    expect(asked.map(({ token, record }) => [token, record.address])).toEqual([
      ['good', ada.address],
      [undefined, ada.address],
    ])
  })
})

describe.each([
  ['between members', (): [Node, Node] => [node({ keys: [ours] }), node({ keys: [ours] })], {}],
  ['between member and relay', (): [Node, Node] => [node({ keys: [ours] }), node({ keys: [ours], kind: 'relay' })], toRelay],
  ['without a key', (): [Node, Node] => [node(), node()], {}],
])('SE13 bad handshakes %s', (_what, pair, context) => {
  const both = (seen: readonly string[]): boolean => seen.every((one) => one.startsWith('k'))

  it('a truncated frame is a code and never a link, whichever frame and wherever it is cut', async () => {
    for (const index of [0, 1, 2]) {
      for (const keep of [1, 2, 20, 40, 50, -1, -17]) {
        const [ada, bob] = pair()
        const { seen } = await meet(ada, bob, { ...context, between: (frame, turn) => (turn === index ? frame.subarray(0, keep) : frame) })
        expect(both(seen), `frame ${index} cut at ${keep}`).toBe(false)
        expect(seen.some((one) => /^(HANDSHAKE_FAILED|VERSION_MISMATCH|NETWORK_MISMATCH|NETWORK_KEY_MISMATCH)$/.test(one))).toBe(true)
      }
    }
  })

  it('a changed byte is a code', async () => {
    for (const index of [1, 2]) {
      const [ada, bob] = pair()
      const between = (frame: Uint8Array, turn: number): Uint8Array =>
        turn === index ? frame.with(frame.length - 3, frame.at(-3)! ^ 1) : frame
      expect((await meet(ada, bob, { ...context, between })).seen[index === 1 ? 0 : 1]).toBe('HANDSHAKE_FAILED')
    }
  })

  it('frames of an earlier handshake, replayed, are HANDSHAKE_FAILED', async () => {
    const [ada, bob] = pair()
    const earlier = await meet(ada, bob, context)
    expect(both(earlier.seen)).toBe(true)
    for (const index of [1, 2]) {
      const { seen } = await meet(ada, bob, { ...context, between: (frame, turn) => (turn === index ? earlier.frames[index]! : frame) })
      expect(seen[index === 1 ? 0 : 1], `frame ${index}`).toBe('HANDSHAKE_FAILED')
    }
    // A replayed hello is answered to whoever can finish it: nobody.
    const replayed = await meet(ada, bob, { ...context, between: (frame, turn) => (turn === 1 ? frame : earlier.frames[turn]!) })
    expect(replayed.seen[1]).not.toBe(ada.address)
  })

  it('reordered and reflected frames are HANDSHAKE_FAILED', async () => {
    const [ada, bob] = pair()
    const earlier = await meet(ada, bob, context)
    const instead = async (turn: number, other: Uint8Array): Promise<string> =>
      (await meet(ada, bob, { ...context, between: (frame, at) => (at === turn ? other : frame) })).seen[turn === 1 ? 0 : 1]
    expect(await instead(0, earlier.frames[2]!)).toBe('HANDSHAKE_FAILED')
    expect(await instead(2, earlier.frames[0]!)).toBe('HANDSHAKE_FAILED')
    expect(await instead(1, earlier.frames[0]!)).toBe('HANDSHAKE_FAILED')
    let own: Uint8Array | undefined
    const reflect = (frame: Uint8Array, turn: number): Uint8Array => {
      own ??= frame
      return turn === 1 ? new Uint8Array([2, 1, ...own.subarray(own.length - 48)]) : frame
    }
    expect((await meet(ada, bob, { ...context, between: reflect })).seen[0]).toBe('HANDSHAKE_FAILED')
  })

  it('SE11 a low-order point is HANDSHAKE_FAILED', async () => {
    for (const point of lowOrderPoints) {
      const [ada, bob] = pair()
      const between = (frame: Uint8Array, turn: number): Uint8Array => {
        if (turn > 0) return frame
        const hello = decodeHello(frame.subarray(1))
        if (hello instanceof WireFault) throw new Error(hello.detail)
        return encodeHello({ ...hello, noise: new Uint8Array([...point, ...hello.noise.subarray(32)]) })
      }
      expect((await meet(ada, bob, { ...context, between })).seen).toEqual(['nothing', 'HANDSHAKE_FAILED'])
    }
  })
})

test('PY-31 both sides agree on a version that both speak, and a changed choice is noticed', async () => {
  const [ada, bob] = [node(), node()]
  // The hello offers a later version first: the listener takes the one it knows, and both have what was offered in the prologue.
  const offer = (frame: Uint8Array, turn: number): Uint8Array => {
    const hello = turn === 0 ? decodeHello(frame.subarray(1)) : undefined
    return hello === undefined || hello instanceof WireFault ? frame : encodeHello({ ...hello, versions: [9, 1] })
  }
  expect((await meet(ada, bob, { between: offer })).seen[0]).toBe('HANDSHAKE_FAILED')
  const none = (frame: Uint8Array, turn: number): Uint8Array => {
    const hello = turn === 0 ? decodeHello(frame.subarray(1)) : undefined
    return hello === undefined || hello instanceof WireFault ? frame : encodeHello({ ...hello, versions: [9] })
  }
  expect((await meet(ada, bob, { between: none })).seen).toEqual(['nothing', 'VERSION_MISMATCH'])
  const chosen = (frame: Uint8Array, turn: number): Uint8Array => (turn === 1 ? frame.with(1, 9) : frame)
  expect((await meet(ada, bob, { between: chosen })).seen[0]).toBe('VERSION_MISMATCH')
})

test('a member of a keyed network that speaks of another network in its record is refused', async () => {
  const stray = node({ keys: [ours], changes: { network: wireNetwork('house', ours.keyHash) } })
  expect((await meet(node({ keys: [ours] }), stray)).seen[0]).toBe('NETWORK_MISMATCH')
})

describe('the payload of message 3', () => {
  const record = new Uint8Array([1, 2, 3])

  test('comes back as it was written, and unknown kinds of proof are skipped', () => {
    for (const finish of [{ record }, { record, admission: new Uint8Array(96).fill(4) }, { record, token: 'a.b.c' }]) {
      expect(decodeFinish(encodeFinish(finish))).toEqual({ admission: undefined, token: undefined, ...finish })
    }
    const later = new Uint8Array([
      ...encodeFinish({ record }),
      9,
      2,
      0,
      0,
      ...encodeFinish({ record: new Uint8Array(0), token: 't' }).subarray(1),
    ])
    expect(decodeFinish(later)).toEqual({ record, admission: undefined, token: 't' })
  })

  test('any bytes are a fault or a payload, and never throw', () => {
    const whole = encodeFinish({ record, admission: new Uint8Array(96), token: 'token' })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeFinish(bytes)))
    const edited = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(edited, (edits) => {
        const bytes = whole.slice()
        for (const [at, value] of edits) bytes[at] = value
        const read = decodeFinish(bytes)
        if (!(read instanceof WireFault)) expect(read.record.length).toBeLessThanOrEqual(bytes.length)
      }),
    )
  })

  test('is a fault wherever it is cut, and beyond its bounds', () => {
    const whole = encodeFinish({ record, admission: new Uint8Array(96), token: 'token' })
    for (let at = 0; at < whole.length; at += 1) {
      const cut = decodeFinish(whole.subarray(0, at))
      // At the end of a part it is whole, without what follows.
      if (!(cut instanceof WireFault)) expect([4, 102]).toContain(at)
    }
    expect(decodeFinish(encodeFinish({ record, token: 'x'.repeat(tokenBytesMax + 1) }))).toBeInstanceOf(WireFault)
    expect(decodeFinish(encodeFinish({ record: new Uint8Array(32_769) }))).toBeInstanceOf(WireFault)
  })
})
