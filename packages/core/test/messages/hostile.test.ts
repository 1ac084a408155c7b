import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { decodeLetter, encodeLetter, letterKey, type Letter } from '../../src/messages/letter.ts'
import { encodeMessage } from '../../src/messages/message-codec.ts'
import type { Message } from '../../src/messages/message.ts'
import { messageService } from '../../src/messages/messages.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

async function pair(seed: number): Promise<{ ada: Mesh; bob: Mesh; heard: Message[] }> {
  world = new MeshWorld(seed)
  world.relay()
  const [ada, bob] = [world.member('ada'), world.member('bob')]
  await world.acquainted(ada, bob)
  const heard: Message[] = []
  bob.on('message', (message) => void heard.push(message))
  return { ada, bob, heard }
}

const id = '00112233445566778899aabbccddeeff'
const whole = encodeMessage({ id, sentAt: 1, inReplyTo: id, to: [`k${'a'.repeat(26)}`], parts: ['x', new Uint8Array(300)] })

describe('a hostile member', () => {
  it('says bodies that are no messages: each is an error with a code, nothing is heard, and others go on', async () => {
    const { ada, bob, heard } = await pair(1)
    const errors: string[] = []
    const context = ada.router.registerContext((packet) => void errors.push(new TextDecoder().decode(packet.data)), { from: bob.address })
    const bodies = [new Uint8Array(), Uint8Array.of(2), whole.subarray(0, 30), new Uint8Array(5_000).fill(255), whole.subarray(0, -1)]
    for (const data of bodies)
      expect(ada.router.send({ service: messageService, destAddr: bob.address, contextID: context, data })).toBeUndefined()
    await world.clock.advance(1_000)
    expect(errors.map((error) => error.split(' ')[0])).toEqual(bodies.map(() => 'WIRE_FAULT'))
    expect(heard).toEqual([])
    await world.settle(ada.send('bob', 'still there'))
    expect(heard).toHaveLength(1)
  })

  it('says one message with many contexts and without any: it is heard once', async () => {
    const { ada, bob, heard } = await pair(2)
    for (const contextID of [undefined, 1, 2, 3])
      ada.router.send({ service: messageService, destAddr: bob.address, contextID, data: whole })
    await world.clock.advance(1_000)
    expect(heard).toMatchObject([{ id, from: ada.address, inReplyTo: id }])
  })

  it('cannot say a message in the name of another: what it takes for an id binds its own messages only', async () => {
    const { ada, bob, heard } = await pair(3)
    const eve = world.member('eve')
    await world.acquainted(ada, bob, eve)
    const { id: told } = await world.settle(ada.send('bob', 'first'))
    for (const mesh of [eve, ada]) {
      const again = encodeMessage({ id: told, sentAt: 1, parts: [`again by ${mesh.name}`] })
      mesh.router.send({ service: messageService, destAddr: bob.address, data: again })
    }
    await world.clock.advance(1_000)
    expect(heard.map(({ from, parts }) => [from, parts[0]])).toEqual([
      [ada.address, 'first'],
      [eve.address, 'again by eve'],
    ])
  })

  it('names in a message whom it likes: a reply to all goes to members only, and settles', async () => {
    const { ada, bob, heard } = await pair(4)
    const nobody = `k${'z'.repeat(26)}`
    const claimed = encodeMessage({ id, sentAt: 1, to: [nobody, bob.address, ada.address, nobody], parts: ['to many'] })
    ada.router.send({ service: messageService, destAddr: bob.address, data: claimed })
    await world.clock.advance(1_000)
    const { outcomes } = await world.settle((heard[0] as Message).replyAll('to all'))
    expect(
      [...outcomes]
        .map(([address, outcome]) => [address, outcome.status === 'fulfilled' ? outcome.value.state : outcome.reason])
        .toSorted(),
    ).toEqual(
      [
        [ada.address, 'delivered'],
        [nobody, 'stored'],
      ].toSorted(),
    )
  })
})

describe('bad input', () => {
  it('a message of 17 MiB is TOO_LARGE, one of 16 MiB arrives', async () => {
    const { ada, heard } = await pair(11)
    expect((await world.settle(rejectionOf(ada.send('bob', new Uint8Array(17 * 1_048_576))))).code).toBe('TOO_LARGE')
    expect((await world.settle(rejectionOf(ada.send('bob', '€'.repeat(6 * 1_048_576))))).code).toBe('TOO_LARGE')
    expect((await world.settle(rejectionOf(ada.send('bob', ...Array.from({ length: 5_000 }, () => 'x'))))).code).toBe('TOO_LARGE')
    expect(await world.settle(ada.send('bob', new Uint8Array(16 * 1_048_576).fill(7)))).toMatchObject({ state: 'delivered' })
    const part = heard[0]?.parts[0] as Uint8Array
    expect([heard.length, part.length, part.at(-1)]).toEqual([1, 16 * 1_048_576, 7])
  })

  it('a name of 10 000 characters with markup is UNKNOWN_NAME in one short line', async () => {
    const { ada } = await pair(12)
    const name = '<img src=x onerror=alert(1)>\n'.repeat(345)
    const error = await world.settle(rejectionOf(ada.send(name, 'x')))
    expect([error.code, error.message.length < 200]).toEqual(['UNKNOWN_NAME', true])
    expect(await world.settle(ada.send('bob', name))).toMatchObject({ state: 'delivered' })
  })

  it('options that nobody knows, or that are none, are refused', async () => {
    const { ada } = await pair(13)
    for (const options of [{ timeout: 5 }, { timeoutMs: 5, recepits: true }, null, 7]) {
      expect(() => ada.with(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    for (const options of [
      { ttlMs: -1 },
      { ttlMs: Number.NaN },
      { ttlMs: 1e12 },
      { timeoutMs: 0 },
      { timeoutMs: 'soon' },
      { signal: {} },
    ]) {
      expect((await world.settle(rejectionOf(ada.with(options as never).send('bob', 'x')))).code).toBe('INVALID_OPTION')
    }
  })

  it('what a damaged store holds as letters is dropped, whatever it is', () => {
    const letter: Letter = { id, who: `k${'a'.repeat(26)}`, address: undefined, bytes: whole, sentAt: 1, expiresAt: 2, order: 3 }
    expect(decodeLetter(letterKey(letter), encodeLetter(letter))).toEqual(letter)
    for (const key of ['outbox/', `outbox/ada/${id}`, letterKey({ ...letter, id: 'x' }), 'taken/x/y'])
      expect(decodeLetter(key, encodeLetter(letter))).toBeUndefined()
    fc.assert(fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => decodeLetter(letterKey(letter), bytes) === undefined))
  })
})
