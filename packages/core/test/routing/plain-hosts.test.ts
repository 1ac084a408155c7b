import { describe, expect, it } from 'vitest'
import { PlainHosts } from '../../src/routing/plain/plain-hosts.ts'

const near = (): number => 1

describe('plain hosts by the gateways that answer for them', () => {
  it('a way back through a gateway ends when that one does not answer any more', () => {
    const hosts = new PlainHosts()
    const sensor = { address: 'sensor', hops: 63, services: [] }
    hosts.noteWayBack('sensor', 'a')
    expect(hosts.wayBack('sensor', near)?.gateway).toBe('a')
    for (const gateway of ['a', 'b']) hosts.set(gateway, [sensor])
    hosts.set('b', [])
    expect(hosts.wayBack('sensor', near)?.gateway).toBe('a')
    hosts.set('a', [])
    expect(hosts.wayBack('sensor', near)).toBeUndefined()
  })
})
