import { describe, expect, it } from 'vitest'
import { addressOf, drawTab, whoOf } from '../../src/identity/address.ts'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import { now } from '../routing/router-world.ts'
import { SessionWorld, type NodeOptions, type WorldNode } from './session-world.ts'

const key = new Uint8Array(32).fill(7)
const another = new Uint8Array(32).fill(8)
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A member that takes every other node for a relay. */
function asking(world: SessionWorld, name: string, options: NodeOptions): WorldNode {
  return world.node(name, { ...options, sessions: { isRelay: () => true } })
}

function heard({ messages }: WorldNode): string[] {
  return messages.map(({ data }) => new TextDecoder().decode(data))
}

describe('SE2 a session with a relay', () => {
  it('SE16 opens for a member without a psk, by its admission, and only one that is a relay may answer', async () => {
    const world = new SessionWorld()
    const relay = world.node('relay', { relay: true, keys: [key] })
    const ada = asking(world, 'ada', { keys: [key] })
    await world.settle(ada.sessions.to(relay.address).message(bytesOf('who are you?')))
    expect(heard(relay)).toEqual(['who are you?'])
    expect(ada.sessions.get(relay.address)?.record?.kind).toBe('relay')
    await world.settle(relay.sessions.to(ada.address).message(bytesOf('a relay')))
    expect(heard(ada)).toEqual(['a relay'])
    // A member has no ear for who does not have the key, whatever it is taken for.
    const bob = world.node('bob', { keys: [key] })
    await expect(world.settle(ada.sessions.to(bob.address).message(bytesOf('x')))).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(heard(bob)).toEqual([])
  })

  it('is refused without the key, with another one, and with an admission that was overheard', async () => {
    const world = new SessionWorld()
    const relay = world.node('relay', { relay: true, keys: [key] })
    const stranger = asking(world, 'stranger', { keys: [another] })
    const keyless = asking(world, 'keyless', {})
    // It names the network, and cannot sign: its own admission is of another key.
    const liar = asking(world, 'liar', { keys: [another] })
    Object.assign(liar.identity, { network: relay.identity.network })
    for (const node of [stranger, keyless, liar]) {
      const { code } = await world.settle(
        node.sessions
          .to(relay.address)
          .message(bytesOf('let me in'))
          .then(
            () => ({ code: 'delivered' }),
            (error: MeshError) => error,
          ),
      )
      expect(code).toBe(node === liar ? 'OUTCOME_UNKNOWN' : 'TIMEOUT')
    }
    expect([relay.sessions.size, heard(relay)]).toEqual([0, []])
    expect(relay.faults.some((fault) => fault.startsWith('NETWORK_KEY_MISMATCH') && fault.includes('did not show'))).toBe(true)
  })

  it('is not begun by a relay, and a member of a network with a key answers none that is', async () => {
    const world = new SessionWorld()
    const relay = world.node('relay', { relay: true, keys: [key] })
    const ada = world.node('ada', { keys: [key] })
    expect(() => relay.sessions.to(ada.address)).toThrow(expect.objectContaining({ code: 'NOT_A_MEMBER' }))
    // One that does not keep to it: it takes Ada for a relay, and so sends no psk.
    const plain = world.crypto
    const keyPair = now(plain.generateKeyPair())
    const rogue = world.nodeWith(
      'rogue relay',
      {
        keyPair,
        exchangeKeys: now(plain.generateExchangeKeys()),
        address: addressOf(now(whoOf(keyPair.publicKey, plain)), drawTab(world.dice)),
        network: ada.identity.network,
      },
      { record: { kind: 'relay' }, sessions: { isRelay: () => true } },
    )
    await expect(world.settle(rogue.sessions.to(ada.address).message(bytesOf('serve me')))).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect([ada.sessions.size, heard(ada)]).toEqual([0, []])
  })

  it('a relay that lost its sessions is asked anew', async () => {
    const world = new SessionWorld()
    const relay = world.node('relay', { relay: true, keys: [key], epoch: 1_000 })
    const ada = asking(world, 'ada', { keys: [key] })
    await world.settle(ada.sessions.to(relay.address).message(bytesOf('one')))
    world.kill(relay)
    const again = world.node('relay', { relay: true, keys: [key], again: relay, epoch: 2_000 })
    const lost = ada.sessions.to(relay.address).message(bytesOf('two'))
    await world.settle(lost.catch(() => {}))
    await world.settle(ada.sessions.to(relay.address).message(bytesOf('three')))
    expect(heard(again).at(-1)).toBe('three')
  })

  it('streams from a relay are refused', async () => {
    const world = new SessionWorld()
    const relay = world.node('relay', { relay: true })
    const ada = asking(world, 'ada', {})
    await world.settle(ada.sessions.to(relay.address).message(bytesOf('hello')))
    const stream = relay.sessions.to(ada.address).openStream()
    stream.write(bytesOf('for you')).catch(() => {})
    await world.advance(1_000)
    expect(ada.streams).toEqual([])
  })
})
