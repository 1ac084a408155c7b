import { describe, expect, it } from 'vitest'
import type { MemberRecord } from '../../src/identity/member-record.ts'
import { PresenceProofs, proofsMax, silentMs } from '../../src/mesh/presence-proofs.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function recordOf(address: string, process = 1): MemberRecord {
  return { address, exchangeKey: new Uint8Array(32).fill(process) } as MemberRecord
}

describe('SE5 who has shown that it is there', () => {
  it('is this very process, until it is found silent', () => {
    const proofs = new PresenceProofs(new VirtualClock())
    const { exchangeKey } = recordOf('ada')
    expect(proofs.answered(recordOf('ada'))).toBe(true)
    expect(proofs.answered(recordOf('ada'))).toBe(false)
    expect(proofs.isProven('ada', exchangeKey)).toBe(true)
    expect(proofs.isProven('ada', recordOf('ada', 2).exchangeKey)).toBe(false)
    expect(proofs.unanswered('ada')).toBe(true)
    expect([proofs.isProven('ada', exchangeKey), proofs.isSilent('ada')]).toEqual([false, true])
    expect(proofs.answered(recordOf('ada'))).toBe(true)
    expect(proofs.isSilent('ada')).toBe(false)
  })

  it('silence counts for 60 s from the last time that it was found', async () => {
    const clock = new VirtualClock()
    const proofs = new PresenceProofs(clock)
    proofs.unanswered('ada')
    await clock.advance(silentMs - 1_000)
    expect(proofs.unanswered('ada')).toBe(false)
    await clock.advance(silentMs - 1)
    expect(proofs.isSilent('ada')).toBe(true)
    await clock.advance(1)
    expect(proofs.isSilent('ada')).toBe(false)
  })

  it('LM proofsMax of each sort are remembered, and the oldest forgotten', () => {
    const proofs = new PresenceProofs(new VirtualClock())
    for (let count = 0; count <= proofsMax; count += 1) {
      proofs.answered(recordOf(`member ${count}`))
      proofs.unanswered(`ghost ${count}`)
    }
    const { exchangeKey } = recordOf('')
    expect([0, 1, proofsMax].map((count) => proofs.isProven(`member ${count}`, exchangeKey))).toEqual([false, true, true])
    expect([0, 1, proofsMax].map((count) => proofs.isSilent(`ghost ${count}`))).toEqual([false, true, true])
  })
})
