import { describe, expect, it } from 'vitest'
import { addressOf, type Address } from '../../src/identity/address.ts'
import { FarMembers, farForMs, farMembersMax, readFarMember } from '../../src/routing/far-members.ts'

const member = (index: number): Address => `m${index}` as Address

describe('R14 members of whom a relay was asked', () => {
  it('LM farMembersMax are kept, the latest, and each for ten seconds', () => {
    const members = new FarMembers()
    for (let at = 0; at <= farMembersMax; at++) members.keep({ address: member(at), hops: 1, cost: 20 }, at)
    expect(members.get('m0', farMembersMax)).toBeUndefined()
    expect(members.get('m1', farForMs)).toEqual({ address: 'm1', hops: 1, cost: 20 })
    expect(members.get('m1', 1 + farForMs)).toBeUndefined()
    members.keep({ address: member(1), hops: 2, cost: 30 }, farForMs)
    expect(members.get('m1', 1 + farForMs)).toMatchObject({ hops: 2 })
  })

  it('a row that a relay tells is a member, however odd its numbers are, or it is none', () => {
    const address = addressOf(`k${'a'.repeat(26)}`, 'abcd')
    expect(readFarMember({ address, hops: 3, cost: 70, more: 1 })).toEqual({ address, hops: 3, cost: 70 })
    expect(readFarMember({ address, hops: -1, cost: 'x' })).toEqual({ address, hops: 0, cost: 0 })
    for (const row of [undefined, null, 5, {}, { address: 5 }, { address: 'm1' }]) expect(readFarMember(row)).toBeUndefined()
  })
})
