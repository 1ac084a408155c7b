import { afterEach, describe, expect, it } from 'vitest'
import { deriveNetworkKeys, keyText } from '@hopmesh/core'
import { createRouter, dialWebSocket, TcpChannel } from '../../src/index.ts'
import type { Router } from '../../src/index.ts'
import { nodeCrypto } from '../../src/node-crypto.ts'
import { atEnd, endAll, faultsOf, member, relayOf, tcpPort, until } from './relay-world.ts'

const bytes = new Uint8Array(32).fill(1)
const key = keyText('network', bytes)

afterEach(endAll)

async function admissionText(): Promise<string> {
  const { admission } = await deriveNetworkKeys({ kind: 'bytes', bytes }, 'garden', nodeCrypto())
  return keyText('admission', admission.publicKey)
}

function router(): { router: Router; told: string[] } {
  const made = createRouter('thermometer-1', { network: 'garden' })
  atEnd(() => made.close())
  const told: string[] = []
  made.on('fault', ({ code }) => void told.push(code))
  made.on('notice', ({ code }) => void told.push(code))
  return { router: made, told }
}

describe('PN-04 a router under a name of its own, and a network with a key', () => {
  it('refuses a key where it is made, and says what to take instead', () => {
    expect(() => createRouter('thermometer-1', { network: 'garden', key } as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('joinMesh') }),
    )
    expect(() => createRouter('thermometer-1', { netwrok: 'garden' } as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('is told NETWORK_KEY_MISMATCH at a relay that pins the key, over WebSocket and TCP, and neither side is silent', async () => {
    const relay = await relayOf({ networks: [{ name: 'garden', keys: [await admissionText()] }], tcp: 0 })
    for (const channel of [await dialWebSocket(relay.ws, {}), await TcpChannel.connect({ host: '127.0.0.1', port: tcpPort(relay) })]) {
      const { router: thing, told } = router()
      await expect(thing.addChannel(channel).up).rejects.toMatchObject({
        code: expect.stringMatching(/^(NETWORK_KEY_MISMATCH|PLAIN_REFUSED)$/),
      })
      await until(() => told.length > 0, 'a fault that the router tells')
    }
    expect(faultsOf(relay, 'NETWORK_KEY_MISMATCH') + faultsOf(relay, 'PLAIN_REFUSED')).toBeGreaterThanOrEqual(2)
  })

  it('is told at a relay that pins nothing that others there have a key, and sees none of them', async () => {
    const relay = await relayOf()
    const ada = await member(relay, { network: 'garden', key, name: 'ada' })
    const { router: thing, told } = router()
    await thing.addChannel(await dialWebSocket(relay.ws, {})).up
    await until(() => told.includes('NETWORK_KEY_MISMATCH'), 'the word of the relay')
    await until(() => ada.warnings.some(({ code }) => code === 'NETWORK_KEY_MISMATCH'), 'the same word to the member')
    expect(thing.routes().filter(({ kind }) => kind === 'member')).toEqual([])
    expect(ada.peer('thermometer-1')).toBeUndefined()
  })
})
