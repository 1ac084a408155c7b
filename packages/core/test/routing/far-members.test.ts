import { describe, expect, it } from 'vitest'
import { FarMembers, farForMs, farMembersMax } from '../../src/routing/far-members.ts'

describe('R14 members of whom a relay was asked', () => {
  it('LM farMembersMax are kept, the latest, and each for ten seconds', () => {
    const members = new FarMembers()
    for (let at = 0; at <= farMembersMax; at++) members.keep({ address: `m${at}`, hops: 1, cost: 20 }, at)
    expect(members.get('m0', farMembersMax)).toBeUndefined()
    expect(members.get('m1', farForMs)).toEqual({ address: 'm1', hops: 1, cost: 20 })
    expect(members.get('m1', 1 + farForMs)).toBeUndefined()
    members.keep({ address: 'm1', hops: 2, cost: 30 }, farForMs)
    expect(members.get('m1', 1 + farForMs)).toMatchObject({ hops: 2 })
  })
})
