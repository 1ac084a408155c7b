import { describe, expect, it } from 'vitest'
import { addressOf, whoOf } from '../../src/identity/address.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { decodeSessionPacket, encodeFirst, encodeUnknown } from '../../src/session/session-packet.ts'
import { handshakesPendingMax, noticesPerSecondMax } from '../../src/session/session-limits.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { now } from '../routing/router-world.ts'
import { bytesOf, SessionWorld, textOf, type Crossing, type WorldNode } from './session-world.ts'

const key = new Uint8Array(32).fill(7)
const newKey = new Uint8Array(32).fill(9)

function kindOf({ data }: Crossing): string {
  const packet = decodeSessionPacket(data)
  return isWireFault(packet) ? 'fault' : packet.kind
}

function heard(node: WorldNode): string[] {
  return node.messages.map(({ data }) => textOf(data))
}

async function greets(world: SessionWorld, from: WorldNode, to: WorldNode, text = 'hello'): Promise<void> {
  await world.settle(from.sessions.to(to.address).message(bytesOf(text)), 120_000)
  expect(heard(to).at(-1)).toBe(text)
}

describe('the handshake of a session', () => {
  it('ALN-01 both sides know the full address and the record of the other one', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    await greets(world, ada, bob)
    expect(ada.sessions.get(bob.address)?.record).toMatchObject({ address: bob.address, name: 'bob' })
    expect(bob.sessions.get(ada.address)?.record).toMatchObject({ address: ada.address, name: 'ada' })
  })

  it('takes one round trip before the first data, which leaves right behind the third message (SE3)', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const kinds: string[] = []
    world.tap = (crossing) => (kinds.push(`${Math.round(world.clock.now())} ${kindOf(crossing)}`), crossing.data)
    void ada.sessions.to(bob.address).message(bytesOf('hello'))
    await world.advance(80)
    expect(kinds.slice(0, 4)).toEqual(['0 first', '25 second', '50 third', '50 record'])
    expect(heard(bob)).toEqual(['hello'])
  })

  it.each([
    ['can be read on the way', nobleCrypto(new SeededDice('tap')), false],
    ['is found by the same tap when the port only copies', copying(), true],
  ])('ALN-51 nothing that is said %s', async (_, crypto, found) => {
    const world = new SessionWorld({ crypto })
    const [ada, bob] = [await nodeOfPort(world, 'ada'), await nodeOfPort(world, 'bob')]
    let tapped = ''
    world.tap = ({ data }) => ((tapped += String.fromCharCode(...data)), data)
    await greets(world, ada, bob, 'MARKER')
    void ada.sessions.to(bob.address).datagram(bytesOf('MARKER'))
    await ada.sessions.to(bob.address).openStream().write(bytesOf('MARKER'))
    await world.advance(500)
    expect([bob.datagrams.length, textOf(bob.streams[0]?.take())]).toEqual([1, 'MARKER'])
    expect(tapped.split('MARKER').length - 1).toBe(found ? 3 : 0)
  })

  it.each(['first', 'second', 'third'])('survives the loss of its %s message, several times over', async (lost) => {
    const world = new SessionWorld({ seed: lost })
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    let losses = 4
    world.tap = (crossing) => (kindOf(crossing) === lost && losses-- > 0 ? undefined : crossing.data)
    await greets(world, ada, bob)
    await greets(world, bob, ada)
    expect(losses).toBeLessThan(0)
    expect([ada.sessions.size, bob.sessions.size]).toEqual([1, 1])
  })

  it('survives everything twice and out of order', async () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const world = new SessionWorld({ seed })
      Object.assign(world.weather, { doubled: 1, jitterMs: 200, loss: 0.2 })
      const [ada, bob] = [world.node('ada'), world.node('bob')]
      await greets(world, ada, bob)
      await greets(world, bob, ada)
      await world.advance(30_000)
      expect([heard(ada), heard(bob)]).toEqual([['hello'], ['hello']])
      expect(bob.sessions.pendingHandshakes).toBe(0)
    }
  })

  it('a record of 32 KiB travels in pieces, any of which may be lost', async () => {
    const world = new SessionWorld({ seed: 'pieces' })
    Object.assign(world.weather, { loss: 0.3 })
    const plainHosts = Array.from({ length: 300 }, (_, index) => ({ address: `HOST_${index}_${'x'.repeat(90)}`, hops: 1, services: [] }))
    const [ada, bob] = [world.node('ada', { record: { plainHosts } }), world.node('bob', { record: { plainHosts } })]
    await greets(world, ada, bob)
    expect(bob.sessions.get(ada.address)?.record?.plainHosts).toHaveLength(300)
    expect(ada.sessions.get(bob.address)?.record?.plainHosts).toHaveLength(300)
  })

  it('both sides that begin at once end with one session, on the same connection', async () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const world = new SessionWorld({ seed: `at once ${seed}` })
      Object.assign(world.weather, { loss: seed % 2 === 0 ? 0 : 0.2, jitterMs: seed % 30 })
      const [ada, bob] = [world.node('ada'), world.node('bob')]
      const first = ada.sessions.to(bob.address).message(bytesOf('from ada'))
      await world.advance(world.dice.between(0, 60))
      const second = bob.sessions.to(ada.address).message(bytesOf('from bob'))
      await world.settle(Promise.all([first, second]))
      await world.advance(20_000)
      expect([heard(ada), heard(bob)]).toEqual([['from bob'], ['from ada']])
      const [ofAda, ofBob] = [ada.sessions.get(bob.address)?.connection, bob.sessions.get(ada.address)?.connection]
      expect([ofAda?.id, ofAda?.peerId]).toEqual([ofBob?.peerId, ofBob?.id])
      expect(ofAda?.id).toHaveLength(8)
      expect([ada.ended, bob.ended]).toEqual([[], []])
    }
  })

  it('with a port that answers with promises it is the same', async () => {
    for (let seed = 0; seed < 8; seed += 1) {
      const world = new SessionWorld({ seed: `slow ${seed}`, cryptoMsMax: 10 })
      Object.assign(world.weather, { loss: 0.1, doubled: 0.1, jitterMs: 30 })
      const [ada, bob] = [world.node('ada'), world.node('bob')]
      const sent = [ada.sessions.to(bob.address).message(bytesOf('a')), bob.sessions.to(ada.address).message(bytesOf('b'))]
      await world.settle(Promise.all(sent))
      expect([heard(ada), heard(bob)]).toEqual([['b'], ['a']])
    }
  })

  it('with a synchronous port nothing waits for a promise', () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    void ada.sessions.to(bob.address).message(bytesOf('at once'))
    world.clock.runFor(200)
    expect(heard(bob)).toEqual(['at once'])
  })
})

describe('SE3 a network with a key', () => {
  it('its members talk', async () => {
    const world = new SessionWorld()
    await greets(world, world.node('ada', { keys: [key] }), world.node('bob', { keys: [key] }))
  })

  it.each([
    ['[old, new] and [new, old]', [key, newKey], [newKey, key]],
    ['[new, old] and [new]', [newKey, key], [newKey]],
    ['[old] and [old, new]', [key], [key, newKey]],
  ])('SE8 members on both sides of a rotation talk: %s', async (_, ofAda, ofBob) => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada', { keys: ofAda }), world.node('bob', { keys: ofBob })]
    await greets(world, ada, bob)
    bob.sessions.close()
    const again = world.node('bob', { again: bob, keys: ofBob, epoch: 1_800_000_000 })
    await greets(world, again, ada)
  })

  it.each<[string, Uint8Array | undefined]>([
    ['a stranger without the key', undefined],
    ['a stranger with another key', new Uint8Array(32).fill(8)],
  ])('%s gets no answer at all, not even who is there', async (_, wrong) => {
    const world = new SessionWorld()
    const [ada, stranger] = [world.node('ada', { keys: [key] }), world.node('stranger', wrong ? { keys: [wrong] } : {})]
    let answers = 0
    world.tap = ({ from, data }) => ((answers += from === ada.address ? 1 : 0), data)
    await expect(world.settle(stranger.sessions.to(ada.address).message(bytesOf('let me in')), 120_000)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    expect([answers, heard(ada), ada.sessions.size]).toEqual([0, [], 0])
  })
})

describe('SE4 who answers', () => {
  it('the record of somebody else is no proof', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const record = await bob.identity.record()
    // Eve has Bob's record and address, but not the exchange key in it.
    const keys = now(ada.identity.crypto.generateExchangeKeys())
    world.kill(bob)
    const eve = world.nodeWith(
      'eve',
      { ...bob, exchangeKeys: keys, network: bob.identity.network },
      { sessions: { self: { ...bob.identity, exchangeKeys: keys, record: () => record } } },
    )
    await expect(world.settle(ada.sessions.to(bob.address).message(bytesOf('to bob only')), 120_000)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    await expect(world.settle(eve.sessions.to(ada.address).message(bytesOf('I am bob')), 120_000)).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    })
    expect([heard(eve), heard(ada)]).toEqual([[], []])
    expect(ada.faults.some((fault) => fault.includes('does not hold the key'))).toBe(true)
  })

  it('a member that knows whom it plays, and shows a true record of its own, is refused', async () => {
    const world = new SessionWorld()
    const [ada, bob, eve] = [world.node('ada'), world.node('bob'), world.node('eve')]
    world.kill(bob)
    const self = { ...eve.identity, address: bob.address }
    const rogue = world.nodeWith('rogue', { ...eve, address: bob.address, network: self.network }, { sessions: { self } })
    await expect(world.settle(ada.sessions.to(bob.address).message(bytesOf('to bob only')), 120_000)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    void rogue.sessions.to(ada.address).message(bytesOf('I am bob'))
    await world.advance(5_000)
    expect([heard(rogue), heard(ada)]).toEqual([[], []])
    expect(ada.faults.filter((fault) => fault.includes('was asked for')).length).toBeGreaterThan(1)
  })

  it('a true member that answers for another address is refused, and so is one of another network', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const eve = world.node('eve')
    world.listen(bob.address, ({ from, data }) => eve.sessions.receive({ source: from, via: 'x', data }))
    world.kill(bob)
    world.tap = (crossing) => {
      if (crossing.from === eve.address) world.deliver({ ...crossing, from: bob.address })
      return crossing.data
    }
    await expect(world.settle(ada.sessions.to(bob.address).message(bytesOf('to bob only')), 120_000)).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    const elsewhere = world.node('elsewhere', { network: wireNetwork('house') })
    await expect(world.settle(ada.sessions.to(elsewhere.address).message(bytesOf('x')), 120_000)).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect([heard(eve), heard(elsewhere)]).toEqual([[], []])
  })

  it('two tabs of one profile are two members, never mixed up', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const first = world.node('first tab')
    const tab = addressOf(now(whoOf(first.keyPair.publicKey, world.crypto)), 'tabb')
    const second = world.nodeWith('second tab', {
      keyPair: first.keyPair,
      address: tab,
      network: first.identity.network,
      exchangeKeys: now(world.crypto.generateExchangeKeys()),
    })
    await greets(world, ada, first, 'to the first')
    await greets(world, ada, second, 'to the second')
    await greets(world, second, ada, 'from the second')
    expect([heard(first), heard(second)]).toEqual([['to the first'], ['to the second']])
    expect(ada.messages.map(({ from }) => from)).toEqual([tab])
    expect(ada.sessions.size).toBe(2)
    // A record of one tab is worth nothing under the address of the other.
    const faults = ada.faults.length
    world.tap = (crossing) => {
      if (crossing.from === tab) world.deliver({ ...crossing, from: first.address })
      return undefined
    }
    void second.sessions.to(ada.address).message(bytesOf('as the other tab'))
    await world.advance(1_000)
    expect(heard(ada)).toEqual(['from the second'])
    expect(ada.faults.length).toBe(faults)
  })

  it('an earlier process with the same address does not push out the later one', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const old = world.node('bob', { epoch: 1_000 })
    const young = world.node('bob', { again: old, epoch: 2_000 })
    await greets(world, young, ada, 'young')
    void old.sessions.to(ada.address).message(bytesOf('old'))
    world.listen(young.address, ({ from, data }) => old.sessions.receive({ source: from, via: 'x', data }))
    await world.advance(5_000)
    expect(heard(ada)).toEqual(['young'])
    expect(ada.faults.some((fault) => fault.startsWith('IDENTITY_IN_USE'))).toBe(true)
  })
})

describe('SE13 and bad input', () => {
  it('a handshake that is sent back to its author comes to nothing', async () => {
    for (const options of [{}, { keys: [key] }]) {
      const world = new SessionWorld()
      const [ada, bob] = [world.node('ada', options), world.node('bob')]
      world.kill(bob)
      const kinds = new Set<string>()
      world.listen(bob.address, (crossing) => {
        kinds.add(kindOf(crossing))
        world.deliver({ from: bob.address, to: crossing.from, data: crossing.data })
      })
      await expect(world.settle(ada.sessions.to(bob.address).message(bytesOf('mirror')), 120_000)).rejects.toMatchObject({
        code: 'TIMEOUT',
      })
      expect(heard(ada)).toEqual([])
    }
  })

  it('messages cut at any byte, or with any byte changed, are ignored, and the true one still counts', async () => {
    for (const kind of ['first', 'second', 'third']) {
      for (let at = 0; at < 400; at += kind === 'first' ? 3 : 17) {
        const world = new SessionWorld({ seed: at })
        const [ada, bob] = [world.node('ada'), world.node('bob')]
        let tampered = false
        world.tap = (crossing) => {
          if (!tampered && kindOf(crossing) === kind && at < crossing.data.length) {
            tampered = true
            const changed = crossing.data.slice()
            changed[at]! ^= 0x40
            world.deliver({ ...crossing, data: changed })
            world.deliver({ ...crossing, data: crossing.data.subarray(0, at) })
          }
          return crossing.data
        }
        await greets(world, ada, bob)
        // The handshake went on, and was not begun anew.
        expect(world.clock.now()).toBeLessThan(400)
        expect([ada.sessions.size, bob.sessions.size]).toEqual([1, 1])
      }
    }
  })

  it('PP-18 the id of a session is drawn for it, stands in the sealed handshake, and is worth nothing without its keys', async () => {
    const ids = new Set<string>()
    const records: Crossing[] = []
    let handshakes = 0
    for (let seed = 0; seed < 40; seed += 1) {
      const world = new SessionWorld({ seed })
      const [ada, bob] = [world.node('ada'), world.node('bob')]
      world.tap = (crossing) => {
        const packet = decodeSessionPacket(crossing.data)
        if (!isWireFault(packet) && packet.kind === 'first') {
          handshakes += 1
          ids.add([...packet.id].join('.'))
        }
        if (kindOf(crossing) === 'record') records.push(crossing)
        return crossing.data
      }
      await greets(world, ada, bob)
    }
    // The same two names and the same clock each time: nothing about them gives the id.
    expect([ids.size, handshakes]).toEqual([40, 40])
    // Another id in clear than the one inside is no handshake, and who knows an id says nothing in its session.
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const faults = bob.faults.length
    world.tap = (crossing) => {
      if (kindOf(crossing) !== 'first') return crossing.data
      const data = crossing.data.slice()
      data[1]! ^= 1
      return data
    }
    void ada.sessions.to(bob.address).message(bytesOf('x'))
    await world.advance(2_000)
    expect([bob.sessions.size, bob.faults.length > faults]).toEqual([0, true])
    world.tap = ({ data }) => data
    await world.advance(30_000)
    expect(heard(bob)).toEqual(['x'])
    const id = [...Array(8).keys()].map((at) => records[0]!.data[1 + at]!)
    for (const { data } of records.slice(0, 20))
      world.deliver({ from: ada.address, to: bob.address, data: Uint8Array.of(4, ...id, ...data.slice(9)) })
    await world.advance(1_000)
    expect(heard(bob)).toEqual(['x'])
  })

  it('SE11 a low-order point in the first or the second message is refused', async () => {
    const world = new SessionWorld({ crypto: nobleCrypto(new SeededDice('points')) })
    const [ada, bob] = [await nodeOfPort(world, 'ada'), await nodeOfPort(world, 'bob')]
    for (const point of [new Uint8Array(32), Uint8Array.of(1, ...new Uint8Array(31))]) {
      let changed = 0
      world.tap = (crossing) => {
        const kind = kindOf(crossing)
        if (kind !== 'first' && kind !== 'second') return crossing.data
        changed += 1
        const data = crossing.data.slice()
        data.set(point, kind === 'first' ? 25 : 11)
        return data
      }
      void ada.sessions.to(bob.address).datagram(bytesOf('x'))
      await world.advance(2_000)
      expect(changed).toBeGreaterThan(0)
      expect(ada.sessions.get(bob.address)?.state.kind).toBe('asking')
      expect(bob.sessions.size).toBe(0)
    }
    world.tap = ({ data }) => data
    await greets(world, ada, bob)
  })

  it('a whole handshake that is replayed later makes no session', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const taped: Crossing[] = []
    world.tap = (crossing) => (taped.push(crossing), crossing.data)
    await greets(world, ada, bob)
    world.tap = ({ data }) => data
    bob.sessions.close()
    const again = world.node('bob', { again: bob, epoch: 1_800_000_000 })
    for (const crossing of taped) if (crossing.to === bob.address) world.deliver(crossing)
    await world.advance(30_000)
    expect([heard(again), again.sessions.size]).toEqual([[], 0])
  })

  it('sources that are no members, and oneself, are dropped and counted', () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    for (const source of ['', 'printer', ada.address, ada.address.slice(0, 27)])
      ada.sessions.receive({ source, via: 'x', data: encodeUnknown(new Uint8Array(8)) })
    ada.sessions.receive({ source: world.node('bob').address, via: 'x', data: new Uint8Array(0) })
    expect(ada.faults).toHaveLength(5)
    expect(() => ada.sessions.to('printer')).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => ada.sessions.to(ada.address)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})

describe('SE14 a session that the other side does not know', () => {
  it('a peer that restarted is found out, and what never left is delivered to the new process', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const bob = world.node('bob', { epoch: 1 })
    await greets(world, ada, bob, 'one')
    world.kill(bob)
    const again = world.node('bob', { again: bob, epoch: 2 })
    const lost = ada.sessions.to(bob.address).message(bytesOf('two'))
    await expect(world.settle(lost)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    await greets(world, ada, again, 'three')
    expect(heard(again)).toEqual(['three'])
  })

  it('where routing knows that the process is another one, nothing is said to the old one any more', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const bob = world.node('bob', { epoch: 1 })
    await greets(world, ada, bob, 'one')
    world.kill(bob)
    const again = world.node('bob', { again: bob, epoch: 2 })
    ada.sessions.get(bob.address)!.superseded()
    expect(ada.ended).toEqual(['CLOSED'])
    await greets(world, ada, again, 'two')
    expect(heard(again)).toEqual(['two'])
  })

  it('a notice is a hint: a forged one costs a handshake, the session goes on and nothing is lost', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    await greets(world, ada, bob, 'one')
    const stream = ada.sessions.to(bob.address).openStream()
    await stream.write(bytesOf('before, '))
    const before = ada.sessions.get(bob.address)!.connection!
    const id = Uint8Array.from(before.peerId, (character) => character.charCodeAt(0))
    let firsts = 0
    world.tap = (crossing) => ((firsts += kindOf(crossing) === 'first' ? 1 : 0), crossing.data)
    for (let count = 0; count < 50; count += 1) ada.sessions.receive({ source: bob.address, via: 'x', data: encodeUnknown(id) })
    ada.sessions.receive({ source: bob.address, via: 'x', data: encodeUnknown(new Uint8Array(8)) })
    await stream.write(bytesOf('and after'))
    await world.advance(2_000)
    expect(firsts).toBe(1)
    expect(ada.sessions.get(bob.address)!.connection?.id).not.toBe(before.id)
    expect(textOf(bob.streams[0]!.take())).toBe('before, and after')
    await greets(world, ada, bob, 'two')
    expect([ada.ended, bob.ended, heard(bob)]).toEqual([[], [], ['one', 'two']])
  })

  it('the old session stands until a record under the new keys has held', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob', { epoch: 1 })]
    await greets(world, ada, bob, 'one')
    const session = ada.sessions.get(bob.address)!
    const before = session.connection!
    // The new process gets through its handshake, and not one record.
    world.kill(bob)
    const again = world.node('bob', { again: bob, epoch: 2 })
    world.tap = (crossing) => (kindOf(crossing) === 'record' && crossing.from === again.address ? undefined : crossing.data)
    void again.sessions.to(ada.address).message(bytesOf('hello again'))
    await world.advance(2_000)
    expect(session.connection?.id).toBe(before.id)
    const candidate = session.candidate!
    world.tap = ({ data }) => data
    await world.advance(5_000)
    expect([session.connection?.id, session.candidate]).toEqual([candidate.id, undefined])
    expect(heard(ada)).toEqual(['hello again'])
  })

  it('a handshake that was answered before this side forgot everything does not bring the old state back', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    await greets(world, ada, bob, 'one')
    const stream = ada.sessions.to(bob.address).openStream()
    await stream.write(bytesOf('half of '))
    await world.advance(200)
    // Ada is told to shake hands again; Bob has answered, and then closes without being heard.
    const held: Crossing[] = []
    world.tap = (crossing) => (crossing.from === bob.address ? (held.push(crossing), undefined) : crossing.data)
    const id = Uint8Array.from(ada.sessions.get(bob.address)!.connection!.peerId, (character) => character.charCodeAt(0))
    ada.sessions.receive({ source: bob.address, via: 'x', data: encodeUnknown(id) })
    await world.advance(100)
    bob.sessions.get(ada.address)!.close()
    world.tap = ({ data }) => data
    for (const crossing of held.filter((one) => kindOf(one) === 'second')) world.deliver(crossing)
    void stream.write(bytesOf('a sentence'))
    await expect(world.settle(stream.end())).rejects.toMatchObject({ code: 'STREAM_RESET' })
    await world.advance(20_000)
    await greets(world, ada, bob, 'two')
    expect(bob.streams).toHaveLength(1)
    expect(heard(bob)).toEqual(['one', 'two'])
  })

  it('notices are shorter than what they answer, and ten a second through one neighbour', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const sent: number[] = []
    world.tap = ({ from, data }) => (from === ada.address ? (sent.push(data.length), undefined) : data)
    const record = new Uint8Array(31).fill(4)
    for (let count = 0; count < 100; count += 1) ada.sessions.receive({ source: bob.address, via: 'one neighbour', data: record })
    expect(sent).toEqual(new Array(noticesPerSecondMax).fill(9))
    ada.sessions.receive({ source: bob.address, via: 'another neighbour', data: record })
    expect(sent).toHaveLength(noticesPerSecondMax + 1)
    await world.advance(1_000)
    ada.sessions.receive({ source: bob.address, via: 'one neighbour', data: record })
    expect(sent).toHaveLength(noticesPerSecondMax + 2)
  })
})

describe('SE16 handshakes that nobody finishes', () => {
  it('are bounded, shared out among neighbours, and forgotten', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    const flood = (via: string): void => {
      const id = world.dice.bytes(8)
      const source = addressOf(
        `k${Array.from(world.dice.bytes(26), (byte) => 'abcdefghijklmnopqrstuvwxyz234567'[byte & 31]).join('')}`,
        'aaaa',
      )
      ada.sessions.receive({
        source,
        via,
        data: encodeFirst(id, new Uint8Array(16), Uint8Array.of(...world.dice.bytes(32), ...id, 0, 0, 0, 0, 0, 1)),
      })
    }
    // Bob's handshake comes through another neighbour than the flood, and is kept under way for a while.
    let hold = true
    const held: Crossing[] = []
    world.tap = (crossing) =>
      hold && kindOf(crossing) === 'second' && crossing.to === bob.address ? (held.push(crossing), undefined) : crossing.data
    const delivered = bob.sessions.to(ada.address).message(bytesOf('through the flood'))
    await world.advance(100)
    for (let count = 0; count < 1_000; count += 1) flood('a bad neighbour')
    expect(ada.sessions.pendingHandshakes).toBe(handshakesPendingMax)
    hold = false
    for (const crossing of held) world.deliver(crossing)
    await world.settle(delivered)
    expect(heard(ada)).toEqual(['through the flood'])
    // By the handshake that stood through the flood, not by another one after it.
    expect(world.clock.now()).toBeLessThan(1_000)
    await world.advance(30_000)
    expect(ada.sessions.pendingHandshakes).toBe(0)
    expect(ada.sessions.size).toBe(1)
  })
})

/** A node whose keys come from the world's own port. */
async function nodeOfPort(world: SessionWorld, name: string): Promise<WorldNode> {
  const keyPair = await world.crypto.generateKeyPair()
  const address = addressOf(await whoOf(keyPair.publicKey, world.crypto), 'real')
  return world.nodeWith(name, { keyPair, address, network: wireNetwork('garden'), exchangeKeys: await world.crypto.generateExchangeKeys() })
}

/** A port that seals by copying: what a tap finds without keys. */
function copying(): ReturnType<typeof nobleCrypto> {
  const plain = new SessionWorld().crypto
  return {
    ...plain,
    seal: (_key, _nonce, _associated, text) => Uint8Array.of(...text, ...new Uint8Array(16)),
    open: (_key, _nonce, _associated, sealed) => (sealed.length < 16 ? undefined : sealed.slice(0, -16)),
  }
}
