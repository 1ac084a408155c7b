import { MeshError, whoOf } from '@hopmesh/core'
import { lateParts } from '@hopmesh/core/late'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createIdentity, createMesh, identityFrom, joinMesh, keepIdentity } from '../src/index.ts'
import { pageEnvironment } from '../src/page-environment.ts'

afterEach(() => vi.restoreAllMocks())

describe('where there is no page', () => {
  test('the module can be imported, and says nothing', async () => {
    const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((method) => vi.spyOn(console, method))
    vi.resetModules()
    expect(Object.keys(await import('../src/index.ts')).toSorted()).toEqual([
      'MeshError',
      'RemoteError',
      'createIdentity',
      'createMesh',
      'identityFrom',
      'joinMesh',
      'keepIdentity',
      'meshErrorCodes',
    ])
    for (const spy of spies) expect(spy).not.toHaveBeenCalled()
  })

  test('an identity is made for the moment, without a warning; WebRTC is simply not there', async () => {
    const environment = pageEnvironment({})
    const crypto = await environment.crypto
    const { keyPair, tab } = await environment.loadIdentity(crypto)
    expect(await whoOf(keyPair.publicKey, crypto)).toMatch(/^k[a-z2-7]{26}$/)
    expect([tab, environment.warnings, environment.peerDialers]).toEqual([undefined, [], []])
    environment.dispose()
  })

  test('what is needed seldom is loaded when it is asked for', async () => {
    const environment = pageEnvironment({})
    expect(Object.keys(await environment.late())).toEqual(Object.keys(lateParts))
    environment.dispose()
  })

  test("'persistent' says that it cannot be", async () => {
    const environment = pageEnvironment({ identity: 'persistent' })
    await environment.loadIdentity(await environment.crypto)
    expect(environment.warnings.map(({ code }) => code)).toEqual(['IDENTITY_STORAGE'])
    environment.dispose()
  })

  test('PY-28 an identity as text is the same member each time; where nothing can be kept, keeping it says so', async () => {
    const text = createIdentity()
    const whos = await Promise.all([1, 2].map(async () => whoOf((await identityFrom(text)).publicKey, await pageEnvironment({}).crypto)))
    expect(whos[0]).toBe(whos[1])
    await expect(identityFrom(text.slice(1))).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(keepIdentity(text)).rejects.toMatchObject({ code: 'IDENTITY_STORAGE' })
    await expect(keepIdentity('hmi-')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('an address is free again when its mesh is disposed of, and not before', async () => {
    const kept = new Map<string, string>()
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    })
    const identity = await (await pageEnvironment({}).crypto).generateKeyPair()
    const tabOf = async (environment: ReturnType<typeof pageEnvironment>): Promise<string | undefined> =>
      (await environment.loadIdentity(await environment.crypto)).tab
    const [first, second, third] = [pageEnvironment({ identity }), pageEnvironment({ identity }), pageEnvironment({ identity })]
    const tab = await tabOf(first)
    expect(await tabOf(second)).not.toBe(tab)
    first.dispose()
    expect(await tabOf(third)).toBe(tab)
    for (const environment of [second, third]) environment.dispose()
    vi.unstubAllGlobals()
  })

  test('a key pair of the app is taken as it is', async () => {
    const { crypto } = pageEnvironment({})
    const given = await (await crypto).generateKeyPair()
    const environment = pageEnvironment({ identity: given })
    const { keyPair, tab } = await environment.loadIdentity(await environment.crypto)
    expect(keyPair).toBe(given)
    expect(tab).toMatch(/^[a-z2-7]{4}$/)
    environment.dispose()
  })
})

describe('options that a page cannot have', () => {
  test.each([
    [{ identity: { file: 'key' } }],
    [{ identity: 'forever' as 'persistent' }],
    [{ iceServers: [{}] }],
    [{ relays: ['https://x'] }],
  ])('INVALID_OPTION for %j, thrown by createMesh and rejected by joinMesh', async (options) => {
    expect(() => createMesh(options)).toThrow(MeshError)
    await expect(joinMesh(options)).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })
})
