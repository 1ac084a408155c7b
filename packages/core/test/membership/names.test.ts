import { describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { resolveName } from '../../src/membership/names.ts'
import type { Destination } from '../../src/routing/routing-types.ts'

const who = (letter: string): string => `k${letter.repeat(26)}`
const self = `${who('s')}.self`

function there(address: string, of: Partial<Destination> = {}): Destination {
  return {
    address,
    kind: 'member',
    name: '',
    capabilities: [],
    hops: 1,
    cost: 1,
    via: address,
    direct: true,
    verified: true,
    silent: false,
    ...of,
  }
}

const ada2 = there(`${who('a')}.tab2`, { name: 'Ada', hops: 2 })
const ada1 = there(`${who('a')}.tab4`, { name: 'Ada', hops: 1 })
const bob = there(`${who('b')}.tab2`, { name: 'Bob' })
const bob2 = there(`${who('c')}.tab2`, { name: 'Bob' })
const zoe = there(`${who('z')}.tab2`, { name: 'Zo\u00eb' })
const relay = there(`${who('r')}.tab2`, { name: 'Ada', kind: 'relay' })
const sensor = there('sensor', { kind: 'plain', name: 'sensor' })
const all = [ada2, ada1, bob, bob2, zoe, relay, sensor]

function resolve(target: string, destinations = all): ReturnType<typeof resolveName> {
  return resolveName({ target, self, kinds: ['member'] }, destinations)
}

describe('names', () => {
  it('an address is itself, a who its nearest tab, a name its owner', () => {
    expect(resolve(bob2.address)).toBe(bob2.address)
    expect(resolve(who('a'))).toBe(ada1.address)
    expect(resolve('Ada')).toBe(ada1.address)
    expect(resolve('Zoe\u0308')).toBe(zoe.address)
    expect(resolve(self)).toBe(self)
  })

  it('a name of several is AMBIGUOUS_NAME and lists them', () => {
    const error = resolve('Bob') as MeshError
    expect(error.code).toBe('AMBIGUOUS_NAME')
    expect(error.tried).toEqual([bob.address, bob2.address])
  })

  it('SE5 who did not answer makes no name ambiguous; who was not asked yet is asked first', () => {
    const ghost = { ...bob2, verified: false }
    expect(resolve('Bob', [bob, ghost])).toMatchObject({ ask: [ghost.address], error: { code: 'AMBIGUOUS_NAME' } })
    expect(resolve('Bob', [bob, { ...ghost, silent: true }])).toBe(bob.address)
    // Its tabs, too: the farther one that answers.
    expect(resolve('Ada', [{ ...ada1, silent: true }, ada2])).toBe(ada2.address)
    expect(resolve('Ada', [{ ...ada1, silent: true }])).toBe(ada1.address)
  })

  it('a plain node and a relay are NOT_A_MEMBER, unless a member has that name', () => {
    expect((resolve('sensor') as MeshError).code).toBe('NOT_A_MEMBER')
    expect((resolve(relay.address) as MeshError).code).toBe('NOT_A_MEMBER')
    expect(resolve('sensor', [...all, there(`${who('d')}.tab2`, { name: 'sensor' })])).toBe(`${who('d')}.tab2`)
  })

  it('nobody yet is undefined', () => {
    for (const target of ['Eve', who('e'), `${who('e')}.tab2`, 'x'.repeat(10_000)]) expect(resolve(target)).toBeUndefined()
  })
})
