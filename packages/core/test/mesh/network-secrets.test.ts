import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { meshErrorCodes, type MeshError } from '../../src/errors/mesh-error.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { MeshOptions } from '../../src/mesh/create-mesh.ts'
import type { Router } from '../../src/routing/router.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { encodeRefusal } from '../../src/wire/link-frame.ts'
import { meshErrorOf, rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

const key = new Uint8Array(32).fill(7)

let world = new MeshWorld(1)
afterEach(() => world.close())

/** Everything that is delivered anywhere. */
function tapped(): { text: string } {
  const tap = { text: '' }
  world.sim.network.observer = { delivered: (_channel, message) => void (tap.text += String.fromCharCode(...message)) }
  return tap
}

async function pair(seed: number, options: MeshOptions): Promise<{ ada: Mesh; bob: Mesh; relay: Router; tap: { text: string } }> {
  world = new MeshWorld(seed, options.key instanceof Uint8Array ? { key: options.key } : {})
  const tap = tapped()
  const relay = world.relay()
  const [ada, bob] = [world.member('ada', options), world.member('bob', options)]
  await world.acquainted(ada, bob)
  return { ada, bob, relay, tap }
}

describe('PN-04 a network key, or none', () => {
  it.each([
    ['with a key', { key }],
    ['without one', {}],
  ])('%s replies are the very bytes that were sent, and signals are sealed', async (_, options) => {
    const { ada, bob, tap } = await pair(120, options)
    const every = Uint8Array.from({ length: 256 }, (_byte, value) => value)
    bob.services.register('echo', (request) => request.bytes)
    await world.settle(ada.services.wait('echo'))
    expect((await world.settle(ada.call('echo', every))).bytes).toEqual(every)
    expect((await world.settle(ada.call('echo', 'naïve text'))).text()).toBe('naïve text')
    // What the two say to find a direct way crosses the relay.
    expect((await world.settle(ada.connect('bob'))).direct).toBe(true)
    expect(tap.text.length).toBeGreaterThan(1_000)
    for (const word of ['offer bob', 'offer ada', 'answer bob', 'answer ada', 'naïve text']) expect(tap.text).not.toContain(word)
    expect(tap.text.includes('$mesh.signal')).toBe(false)
  })

  it('what members call themselves is for members: a relay reads it only where there is no key', async () => {
    const named = await pair(121, { key })
    expect(named.ada.peer(named.bob.address)?.name).toBe('bob')
    expect(named.relay.destination(named.bob.address)?.name).toBe('')
    await world.close()
    const open = await pair(121, {})
    expect(open.relay.destination(open.bob.address)?.name).toBe('bob')
  })
})

describe('PY-06 encryption has no switch', () => {
  it.each(['encryption', 'plaintext', 'ssl', 'secure'])('there is no option %s', async (option) => {
    world = new MeshWorld(122)
    expect(meshErrorOf(() => world.member('ada', { [option]: 'Plaintext' })).code).toBe('INVALID_OPTION')
  })
})

describe('PN-05 keys of each node', () => {
  it('are drawn when none are given, each its own, and given ones are used; nobody speaks with the keys of another', async () => {
    const given = world.sim.keyPairOf('somebody')
    world = new MeshWorld(123)
    world.relay()
    const keep = (same: Environment): Environment => ({
      ...same,
      loadIdentity: async (crypto) => ({ keyPair: await crypto.generateKeyPair() }),
    })
    const [ada, bob, zoe] = [
      world.member('ada', { environment: keep }),
      world.member('bob', { environment: keep }),
      world.member('zoe', { environment: (same) => ({ ...same, loadIdentity: () => ({ keyPair: given }) }) }),
    ]
    await world.acquainted(ada, bob, zoe)
    expect(new Set([ada.who, bob.who, zoe.who]).size).toBe(3)
    const again = world.member('zoe again', { environment: (same) => ({ ...same, loadIdentity: () => ({ keyPair: given }) }) })
    await world.acquainted(ada, again)
    expect(again.who).toBe(zoe.who)
    expect(again.address).not.toBe(zoe.address)
  })

  it('what arrives is data and never code: pickles, prototypes and functions are bytes like any other', async () => {
    const { ada, bob } = await pair(124, {})
    const pickle = new TextEncoder().encode("cos\nsystem\n(S'echo owned'\ntR.")
    bob.services.register('load', (request) => {
      const polluted = JSON.parse(request.text() || '{}') as Record<string, unknown>
      return `${Object.keys(polluted).length} ${String(({} as Record<string, unknown>)['owned'])}`
    })
    bob.services.register('bytes', (request) => request.bytes)
    await world.settle(ada.services.wait('bytes'))
    expect((await world.settle(ada.call('bytes', pickle))).bytes).toEqual(pickle)
    expect((await world.settle(ada.call('load', '{"__proto__":{"owned":1}}'))).text()).toBe('1 undefined')
    const heard: unknown[] = []
    bob.on('message', ({ parts }) => void heard.push(...parts))
    await world.settle(ada.send('bob', pickle))
    expect(heard).toEqual([pickle])
  })
})

describe('PN-06 PY-05 errors are typed', () => {
  it('each failure of an operation has a code of its own, and each code its page', async () => {
    const { ada, bob } = await pair(125, {})
    bob.services.register('fails', () => {
      throw new Error('not today')
    })
    bob.services.register('slow', () => new Promise<string>(() => {}))
    await world.settle(ada.services.wait('slow'))
    const failures: [string, () => Promise<unknown>][] = [
      ['NO_SERVICE', () => ada.call('nothing')],
      ['REMOTE_ERROR', () => ada.call('fails')],
      ['TIMEOUT', () => ada.call('slow', '', { timeoutMs: 500 })],
      ['ABORTED', () => ada.call('slow', '', { signal: AbortSignal.abort() })],
      ['TOO_LARGE', () => ada.call('slow', new Uint8Array(17 * 1_048_576))],
      ['UNKNOWN_NAME', () => ada.ping('nobody', { timeoutMs: 500 })],
      ['NO_ROUTE', () => ada.ping(`k${'a'.repeat(26)}.aaaa`, { timeoutMs: 500 })],
      ['NOT_A_MEMBER', () => ada.connect(ada.relays.list()[0]!.address!)],
    ]
    for (const [code, fail] of failures) expect((await world.settle(rejectionOf(fail()))).code).toBe(code)
    const pages = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8')
    for (const code of meshErrorCodes) expect(pages).toContain(`## ${code}\n`)
  })

  it.each(['NETWORK_MISMATCH', 'NETWORK_KEY_MISMATCH', 'VERSION_MISMATCH'] as const)(
    'PY-31 a refusal with %s rejects joinMesh with it, at once',
    async (code) => {
      world = new MeshWorld(126)
      world.sim.network.listen('strict', (channel) =>
        channel.start({
          message: () => {
            channel.send(encodeRefusal({ code, text: 'not with you' }))
            channel.close('refused')
          },
          drained: () => {},
          closed: () => {},
        }),
      )
      const since = world.clock.now()
      const error: MeshError = await world.settle(rejectionOf(world.join('ada', { relays: [simUrl('strict')] })))
      expect([error.code, error.tried.length]).toEqual([code, 1])
      expect(world.clock.now() - since).toBeLessThan(1_000)
    },
  )

  it('PY-04 PY-05 a mistyped network is NETWORK_MISMATCH where a relay serves but one, and ALONE_IN_NETWORK after 10 s where it serves any', async () => {
    world = new MeshWorld(127)
    world.relay()
    const since = world.clock.now()
    const refused = await world.settle(rejectionOf(world.join('ada', { network: 'gardne', relays: [simUrl('relay')] })))
    expect(refused.code).toBe('NETWORK_MISMATCH')
    expect(world.clock.now() - since).toBeLessThan(1_000)
    const alone = world.member('bob')
    await world.settle(alone.ready)
    await world.clock.advance(9_800)
    expect(alone.warnings).toEqual([])
    await world.clock.advance(300)
    expect(alone.warnings.map(({ code, message }) => [code, message.includes("'default'")])).toEqual([['ALONE_IN_NETWORK', true]])
  })
})

describe('PP-10 messages have no size cliff', () => {
  it('lines around every old border arrive whole and in full', async () => {
    const { ada, bob } = await pair(128, {})
    const heard: unknown[][] = []
    bob.on('message', ({ parts }) => void heard.push([...parts]))
    const sizes = [0, 1, 4_093, 4_094, 4_095, 4_096, 16_000, 16_383, 16_384, 16_385, 65_535, 65_536, 300_000]
    for (const size of sizes) await world.settle(ada.send('bob', 'x'.repeat(size)))
    expect(heard.map(([part]) => (part as string).length)).toEqual(sizes)
    // Lines are parts, not what a separator leaves of them.
    await world.settle(ada.send('bob', 'two\nlines', '', 'end\r\n'))
    expect(heard.at(-1)).toEqual(['two\nlines', '', 'end\r\n'])
    // A message that is said again is taken once, and leaves no empty one behind.
    expect(heard).toHaveLength(sizes.length + 1)
  })
})
