import { describe, expect, it } from 'vitest'
import { meshErrorOf } from './mesh-error-of.ts'
import { meshSettings } from '../../src/mesh/mesh-settings.ts'
import type { MeshOptions } from '../../src/mesh/create-mesh.ts'

describe('options of a mesh', () => {
  it('PN-01 one options object, every part of it optional', () => {
    expect(meshSettings({})).toEqual({
      network: 'default',
      keys: [],
      token: undefined,
      relays: [],
      name: '',
      degree: 6,
      accept: 10,
      webrtc: true,
      role: 'member',
      plainNodes: 'accept',
      timeoutMs: 10_000,
      questions: 'everybody',
    })
  })

  it.each<[Record<string, unknown>, RegExp]>([
    [{ network: '' }, /network.*1 to 64 bytes/],
    [{ network: 'a/b' }, /network.*without '\/'/],
    [{ network: 'ä'.repeat(33) }, /network/],
    [{ network: 7 }, /network/],
    [{ relays: 'ws://here' }, /relays must be a list/],
    [{ relays: ['http://here'] }, /ws:\/\/ or wss:\/\/, not 'http:\/\/here'/],
    [{ relays: ['ws://'] }, /WebSocket URL/],
    [{ relays: [undefined] }, /WebSocket URL/],
    [{ links: { degree: -1 } }, /links\.degree/],
    [{ links: { accept: 1.5 } }, /links\.accept/],
    [{ links: { degree: '6' } }, /links\.degree/],
    [{ links: { degre: 6 } }, /'links\.degre'.*'links\.degree'/],
    [{ links: { webrtc: 1 } }, /links\.webrtc/],
    [{ name: 'x'.repeat(65) }, /name/],
    [{ plainNodes: 'no' }, /plainNodes/],
    [{ role: 'king' }, /role/],
    [{ timeoutMs: 0 }, /timeoutMs/],
    [{ timeoutMs: Number.NaN }, /timeoutMs/],
    [{ signal: {} }, /signal/],
    [{ signal: { addEventListener: () => {} } }, /signal/],
    [{ network: 'a\nb' }, /network.*control characters/],
    [{ network: '\ud800' }, /network/],
    [{ name: '\ud800' }, /name/],
    [{ identity: 'persistant' }, /identity must be 'persistent'.*not 'persistant'/],
    [{ identity: 5 }, /identity.*not 5/],
    [{ identity: null }, /identity/],
    [{ identity: {} }, /identity.*not this object/],
    [{ identity: { file: 5 } }, /identity/],
    [{ identity: { publicKey: new Uint8Array(3), sign: () => {} } }, /identity/],
    [{ iceServers: 5 }, /iceServers/],
    [{ netwrok: 'garden' }, /unknown option 'netwrok'.*'network'/],
    [{ relay: ['ws://here'] }, /unknown option 'relay'.*'relays'/],
    [{ secret: 'key' }, /unknown option 'secret'.*Known: network/],
    [{ key: '' }, /key must not be an empty text/],
    [{ key: new Uint8Array(31) }, /key must have 32 bytes/],
    [{ token: '' }, /token must be a text/],
    [{ token: 7 }, /token must be a text/],
  ])('PY-01 %j is refused by name', (options, message) => {
    const error = meshErrorOf(() => meshSettings(options as MeshOptions))
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toMatch(message)
  })

  it('PY-01 what is no object at all', () => {
    for (const options of [null, 5, 'garden', []]) expect(meshErrorOf(() => meshSettings(options as MeshOptions)).message).toMatch(/object/)
  })

  it('every kind of identity', () => {
    const keyPair = { publicKey: new Uint8Array(32), sign: (): Uint8Array => new Uint8Array(64) }
    for (const identity of ['persistent', 'ephemeral', { file: 'key' }, keyPair] as const)
      expect(() => meshSettings({ identity })).not.toThrow()
  })

  it('takes names in NFC and each relay once', () => {
    const { name, relays } = meshSettings({ name: 'Zoe\u0308', relays: ['ws://a', 'wss://b/c?d', 'ws://a'] })
    expect(name).toBe('Zo\u00eb')
    expect(relays).toEqual(['ws://a', 'wss://b/c?d'])
  })
})

describe('what a key changes', () => {
  it('plain nodes are refused in a network with a key, unless they are asked for', () => {
    expect(meshSettings({ key: new Uint8Array(32) }).plainNodes).toBe('refuse')
    expect(meshSettings({ key: new Uint8Array(32), plainNodes: 'accept' }).plainNodes).toBe('accept')
  })

  it('a token may be a function, asked at each dial', async () => {
    let asked = 0
    const { token } = meshSettings({ token: () => `token ${++asked}` })
    expect([await token?.(), await token?.()]).toEqual(['token 1', 'token 2'])
    expect(await meshSettings({ token: 'always' }).token?.()).toBe('always')
  })
})
