import { describe, expect, it } from 'vitest'
import { idleProbeMs, Liveness, probeAnswerMs, roundTripEveryMs } from '../../src/link/liveness.ts'

describe('liveness, with time as an argument', () => {
  it('asks a silent neighbour, and gives it up when the answer does not come', () => {
    const liveness = new Liveness(0)
    liveness.answered(liveness.probed(0), 20)
    expect(liveness.verdict(idleProbeMs - 1)).toBe('alive')
    expect(liveness.verdict(idleProbeMs)).toBe('probe')
    liveness.probed(idleProbeMs)
    expect(liveness.verdict(idleProbeMs + probeAnswerMs - 1)).toBe('alive')
    expect(liveness.verdict(idleProbeMs + probeAnswerMs)).toBe('dead')
  })

  it('any sign of life after the question counts, and silence after that is asked about again', () => {
    const liveness = new Liveness(0)
    liveness.probed(5_000)
    liveness.heard(5_001)
    expect(liveness.verdict(9_000)).toBe('alive')
    expect(liveness.verdict(10_001)).toBe('probe')
    liveness.probed(10_001)
    expect(liveness.verdict(16_001)).toBe('dead')
  })

  it('a page whose timers were throttled for a minute is not mistaken: what arrived meanwhile counts', () => {
    const liveness = new Liveness(0)
    const nonce = liveness.probed(5_000)
    liveness.heard(5_030)
    liveness.answered(nonce, 5_030)
    expect(liveness.verdict(65_000)).toBe('probe')
  })

  it('a process that slept over the answer asks once more before it gives up', () => {
    const liveness = new Liveness(0)
    liveness.probed(5_000)
    expect(liveness.verdict(5_500)).toBe('alive')
    expect(liveness.verdict(600_000)).toBe('probe')
    const nonce = liveness.probed(600_000)
    liveness.heard(600_001)
    expect(liveness.answered(nonce, 600_001)).toBe(true)
    liveness.probed(700_000)
    expect(liveness.verdict(760_000)).toBe('probe')
    liveness.probed(760_000)
    expect(liveness.verdict(820_000)).toBe('dead')
  })

  it('smooths the round trip, takes no late or made-up answer, and asks a busy link now and then', () => {
    const liveness = new Liveness(0)
    const nonce = liveness.probed(0)
    expect(liveness.answered(nonce + 1, 10)).toBe(false)
    expect(liveness.answered(nonce, 40)).toBe(true)
    expect(liveness.answered(nonce, 50)).toBe(false)
    expect(liveness.roundTripMs).toBe(40)
    liveness.answered(liveness.probed(100), 220)
    expect(liveness.roundTripMs).toBe(50)
    liveness.heard(220 + roundTripEveryMs)
    expect(liveness.verdict(220 + roundTripEveryMs)).toBe('probe')
  })
})
