import { describe, expect, it } from 'vitest'
import { areSeveral, settleEach, targetList, targetsMax, type SeveralTargets } from '../../src/membership/targets.ts'
import type { Router } from '../../src/routing/router.ts'
import { meshErrorOf } from '../mesh/mesh-error-of.ts'

const destinations = [
  { address: 'ada', kind: 'member' },
  { address: 'me', kind: 'member' },
  { address: 'relay', kind: 'relay' },
  { address: 'sensor', kind: 'plain' },
  { address: 'bob', kind: 'member' },
]
const router = { address: 'me', routes: () => destinations } as unknown as Router

describe('several targets', () => {
  it('PN-13 one, a list, or everybody else who is a member', () => {
    expect(areSeveral('ada')).toBe(false)
    expect(areSeveral('*')).toBe(true)
    expect(areSeveral([])).toBe(true)
    expect(targetList('*', router)).toEqual(['ada', 'bob'])
    expect(targetList(['x', 'ada', 'x'], router)).toEqual(['x', 'ada'])
    expect(meshErrorOf(() => targetList({} as SeveralTargets, router)).code).toBe('INVALID_OPTION')
    expect(meshErrorOf(() => targetList(new Array<string>(targetsMax + 1).fill('x'), router)).code).toBe('TOO_LARGE')
  })

  it('PN-13 every target settles under its own name, in order, whatever the others do; so many at a time', async () => {
    let running = 0
    let most = 0
    const outcomes = await settleEach(
      ['a', 'throws', 'rejects', 'b'],
      (target) => {
        running += 1
        most = Math.max(most, running)
        if (target === 'throws') {
          running -= 1
          throw new Error(target)
        }
        return Promise.resolve().then(() => {
          running -= 1
          if (target === 'rejects') throw new Error(target)
          return target.toUpperCase()
        })
      },
      2,
    )
    expect(most).toBe(2)
    expect([...outcomes.keys()]).toEqual(['a', 'throws', 'rejects', 'b'])
    expect(outcomes.get('a')).toEqual({ status: 'fulfilled', value: 'A' })
    expect(outcomes.get('throws')).toMatchObject({ status: 'rejected', reason: { message: 'throws' } })
    expect(outcomes.get('rejects')).toMatchObject({ status: 'rejected', reason: { message: 'rejects' } })
  })
})
