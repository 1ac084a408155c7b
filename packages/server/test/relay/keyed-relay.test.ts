import { deriveNetworkKeys, keyText } from '@hopmesh/core'
import { afterEach, describe, expect, it } from 'vitest'
import { createMesh, joinMesh } from '../../src/index.ts'
import type { Mesh, MeshOptions, Relay } from '../../src/index.ts'
import { nodeCrypto } from '../../src/node-crypto.ts'
import { PlainNode } from '../plain-node.ts'
import { atEnd, endAll, expectHealthy, faultsOf, member, patienceMs, relayOf, tcpPort, until } from './relay-world.ts'

const key = keyText('network', new Uint8Array(32).fill(1))
const another = keyText('network', new Uint8Array(32).fill(2))

afterEach(endAll)

/** What `hopmesh key --public` prints. */
async function admissionText(text: string, network = 'garden'): Promise<string> {
  const passphraseOrKey = text.startsWith('hmk-')
    ? { kind: 'bytes' as const, bytes: new Uint8Array(32).fill(text === key ? 1 : 2) }
    : undefined
  if (passphraseOrKey === undefined) throw new Error('a test names its keys')
  const { admission } = await deriveNetworkKeys(passphraseOrKey, network, nodeCrypto())
  return keyText('admission', admission.publicKey)
}

async function codeOf(joining: Promise<unknown>): Promise<string> {
  return joining.then(
    () => 'joined',
    (error: unknown) => (error as { code: string }).code,
  )
}

function at(relay: Relay, options: MeshOptions = {}): MeshOptions {
  return { network: 'garden', relays: [relay.ws], timeoutMs: Infinity, ...options }
}

/** The relay says who it is in a session, without the network key. */
async function expectAnswers(mesh: Mesh): Promise<void> {
  const address = mesh.relays.list()[0]?.address ?? ''
  expect((await mesh.ping(address)).hops).toBe(1)
  expect(await mesh.inspect(address, 'describe')).toMatchObject({ kind: 'relay', network: 'garden' })
  expect(mesh.peer(address)).toMatchObject({ kind: 'relay', verified: true })
}

async function talk(ada: Mesh, bob: Mesh): Promise<string> {
  bob.services.register('echo', (request) => `echo ${request.text()}`)
  await ada.services.wait('echo', { timeoutMs: patienceMs })
  return (await ada.call('echo', 'hello')).text()
}

describe('a relay that pins the key of a network', () => {
  it('PY-06 lets in who has it, knowing only its public half', async () => {
    const relay = await relayOf({ networks: [{ name: 'garden', keys: [await admissionText(key)] }] })
    const [ada, bob] = await Promise.all([
      member(relay, { network: 'garden', key, name: 'ada' }),
      member(relay, { network: 'garden', key, name: 'bob' }),
    ])
    expect(await talk(ada, bob)).toBe('echo hello')
    await until(() => ada.peer(bob.address)?.name === 'bob', 'the name of bob')
    await expectAnswers(ada)
  })

  it('PY-05 refuses the wrong key and none at all with NETWORK_KEY_MISMATCH at once, whatever the time-out, and counts it', async () => {
    const relay = await relayOf({ networks: [{ name: 'garden', keys: [await admissionText(key)] }] })
    for (const wrong of [another, undefined]) expect(await codeOf(joinMesh(at(relay, { key: wrong })))).toBe('NETWORK_KEY_MISMATCH')
    expect(faultsOf(relay, 'NETWORK_KEY_MISMATCH')).toBe(2)
    expect(await codeOf(joinMesh(at(relay, { network: 'orchard', key })))).toBe('NETWORK_MISMATCH')
  })

  it('PY-05 a page that goes on trying has a warning, and no peer', async () => {
    const relay = await relayOf({ networks: [{ name: 'garden', keys: [await admissionText(key)] }] })
    const eve = createMesh(at(relay, { key: another }))
    atEnd(() => eve.close())
    await until(() => eve.warnings.length > 0, 'a warning')
    expect(eve.warnings.map(({ code }) => code)).toEqual(['NETWORK_KEY_MISMATCH'])
    expect([eve.peers.size, eve.online]).toEqual([0, false])
  })

  it('SE8 keeps everybody together while keys change, and refuses the old one afterwards', async () => {
    const both = await relayOf({ networks: [{ name: 'garden', keys: [await admissionText(key), await admissionText(another)] }] })
    const [old, between, late] = await Promise.all([
      member(both, { network: 'garden', key: [key, another] }),
      member(both, { network: 'garden', key: [another, key] }),
      member(both, { network: 'garden', key: another }),
    ])
    expect(await talk(old, between)).toBe('echo hello')
    await until(() => late.peer(between.address) !== undefined, 'the late one sees who knows both')
    expect([...between.peers.values()].filter(({ kind }) => kind === 'member')).toHaveLength(2)
    const after = await relayOf({ networks: [{ name: 'garden', keys: [await admissionText(another)] }] })
    expect(await codeOf(joinMesh(at(after, { key })))).toBe('NETWORK_KEY_MISMATCH')
    expect(await codeOf(joinMesh(at(after, { key: [key, another] })))).toBe('NETWORK_KEY_MISMATCH')
    await expectAnswers(await member(after, { network: 'garden', key: [another, key] }))
  })

  it('refuses plain nodes, over every door', async () => {
    const relay = await relayOf({ aln: true, tcp: 0, networks: [{ name: 'garden', keys: [await admissionText(key)] }] })
    const plain = await new PlainNode({ address: 'SENSOR' }).connectTcp(tcpPort(relay))
    atEnd(() => plain.end())
    await until(() => faultsOf(relay, 'PLAIN_REFUSED') > 0, 'PLAIN_REFUSED')
    const ada = await member(relay, { network: 'garden', key })
    expect([...ada.peers.values()].filter(({ kind }) => kind === 'plain')).toEqual([])
  })

  it('SE8 with alnInsecure it has the key itself and takes plain nodes, which see only what says plain', async () => {
    const relay = await relayOf({ alnInsecure: true, tcp: 0, networks: [{ name: 'garden', keys: [key] }] })
    const ada = await member(relay, { network: 'garden', key, plainNodes: 'accept' })
    ada.services.register('inside', () => 'secret')
    ada.services.register('outside', () => 'hello', { plain: true })
    const plain = await new PlainNode({ address: 'SENSOR', pong: 'pong' }).connectTcp(tcpPort(relay))
    atEnd(() => plain.end())
    await until(() => plain.services.some(({ service }) => service === 'outside'), 'the service for plain nodes')
    await until(() => ada.peer('SENSOR') !== undefined, 'the plain node')
    expect(ada.peer('SENSOR')?.verified).toBe(false)
    // SE6: whoever calls in a network with a key means members.
    await ada.services.wait('ping')
    expect(await codeOf(ada.call('ping'))).toBe('NO_SERVICE')
    expect((await ada.call('ping', '', { plain: true })).text()).toBe('pong')
    expect(plain.services.some(({ service }) => service === 'inside')).toBe(false)
    await expectAnswers(ada)
  })

  it.each([
    ['a network key where only its public half belongs', { networks: [{ name: 'garden', keys: [key] }] }],
    ['a public half where the key itself is needed', { alnInsecure: true, networks: [{ name: 'garden', keys: ['hmp-'] }] }],
    ['no key', { networks: [{ name: 'garden', keys: [] }] }],
    ['one name twice', { networks: ['garden', 'garden'] }],
    ['no name', { networks: ['a/b'] }],
  ])('does not start with %s', async (_what, options) => {
    const starting = relayOf(options)
    await expect(starting).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(starting).rejects.not.toMatchObject({ message: expect.stringContaining(key.slice(4)) as string })
  })
})

describe('a relay that pins nothing', () => {
  it('SE8 keeps keys apart as networks, and tells both sides of a name with two keys', async () => {
    const relay = await relayOf()
    const ada = await member(relay, { network: 'garden', key })
    const bob = await member(relay, { network: 'garden', key })
    expect(await talk(ada, bob)).toBe('echo hello')
    const eve = await member(relay, { network: 'garden', key: another })
    const told = (mesh: Mesh): boolean => mesh.warnings.some(({ code }) => code === 'NETWORK_KEY_MISMATCH')
    await until(() => told(ada) && told(bob) && told(eve), 'everybody was told')
    expect([...eve.peers.values()].filter(({ kind }) => kind === 'member')).toEqual([])
    expect(ada.peer(eve.address)).toBeUndefined()
    await expectAnswers(ada)
    // Whoever comes again and again does not flood those who are here.
    const more = await member(relay, { network: 'garden', key: another })
    await until(() => told(more), 'the next one is told')
    expect(ada.warnings.filter(({ code }) => code === 'NETWORK_KEY_MISMATCH')).toHaveLength(1)
    await expectHealthy(relay)
  })
})
