import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/identity/address.ts'
import type { Peer } from '../../src/membership/peer.ts'
import { Peers, peersMax, unreachableMs } from '../../src/membership/peers.ts'
import type { Router } from '../../src/routing/router.ts'
import type { Destination } from '../../src/routing/routing-types.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function picture(): { clock: VirtualClock; peers: Peers; told: Peer[]; set(address: string, of?: Partial<Destination> | 'lost'): void } {
  const clock = new VirtualClock()
  const told: Peer[] = []
  const table = new Map<string, Destination>()
  const peers = new Peers({ clock, changed: (peer) => void told.push(peer) })
  peers.attach({ address: 'self', destination: (address: string) => table.get(address) } as unknown as Router)
  const base = { kind: 'member', name: '', capabilities: [], hops: 1, cost: 1, direct: true, verified: true, silent: false } as const
  return {
    clock,
    peers,
    told,
    set(address, of = {}) {
      if (of === 'lost') table.delete(address)
      else table.set(address, { ...base, address, via: address, ...of })
      peers.refresh(address)
    },
  }
}

const ada = 'ada' as Address

describe('peers', () => {
  it('PP-23 mesh.peer finds by address, as a snapshot that stays what it was', () => {
    const { peers, set } = picture()
    set('ada', { name: 'Ada' })
    const before = peers.peer('ada')
    set('ada', { name: 'Ada', hops: 2, direct: false, via: 'bob', cost: 7 })
    expect(before).toMatchObject({ address: 'ada', name: 'Ada', hops: 1, direct: true, state: 'active' })
    expect(peers.get(ada)).toMatchObject({ hops: 2, via: 'bob', direct: false, cost: 7 })
    expect([...peers.keys()]).toEqual(['ada'])
    expect([...peers].map(([address, peer]) => [address, peer.hops])).toEqual([['ada', 2]])
    expect(peers.peer('eve')).toBeUndefined()
    expect(peers.peer('self')).toBeUndefined()
  })

  it('active, unreachable, and gone after 30 s; a return in time is no new peer', () => {
    const { clock, peers, told, set } = picture()
    set('ada')
    set('ada', 'lost')
    expect(peers.peer('ada')).toMatchObject({ state: 'unreachable', direct: false })
    clock.runFor(unreachableMs - 1)
    set('ada')
    clock.runFor(unreachableMs)
    expect(peers.peer('ada')?.state).toBe('active')
    set('ada', 'lost')
    clock.runFor(unreachableMs)
    expect(peers.peer('ada')).toBeUndefined()
    expect(peers.size).toBe(0)
    expect(told.map(({ state }) => state)).toEqual(['active', 'unreachable', 'active', 'unreachable', 'gone'])
    expect(clock.waiting).toBe(0)
  })

  it('a change that nobody sees is not told', () => {
    const { told, set } = picture()
    set('ada', { cost: 1, roundTripMs: 5 })
    set('ada', { cost: 9, roundTripMs: 50 })
    expect(told).toHaveLength(1)
  })

  it('a name with markup or 10 000 characters is harmless text', () => {
    const { peers, set } = picture()
    set('ada', { name: '<img src=x onerror=alert(1)>'.repeat(400) })
    expect(peers.peer('ada')?.name).toHaveLength(64)
    expect(peers.peer('ada')?.name.startsWith('<img')).toBe(true)
  })

  it('is bounded: the lost make room, the others are found by asking', () => {
    const { peers, set } = picture()
    for (let index = 0; index < peersMax; index += 1) set(`peer ${index}`)
    set('one more')
    expect(peers.size).toBe(peersMax)
    expect(peers.has('one more' as Address)).toBe(false)
    expect(peers.peer('one more')?.state).toBe('active')
    set('peer 3', 'lost')
    set('one more')
    expect(peers.has('one more' as Address)).toBe(true)
    expect(peers.size).toBe(peersMax)
  })
})
