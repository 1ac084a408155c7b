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
    for (let now = 11_001; now < 16_001; now += 1_000) expect(liveness.verdict(now)).toBe('alive')
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

  it('smooths the round trip, of which the handshake’s is only a first guess, takes no late or made-up answer, and asks a busy link now and then', () => {
    const liveness = new Liveness(0)
    const nonce = liveness.probed(0)
    expect(liveness.answered(nonce + 1, 10)).toBe(false)
    expect(liveness.answered(nonce, 40)).toBe(true)
    expect(liveness.answered(nonce, 50)).toBe(false)
    expect(liveness.roundTripMs).toBe(40)
    liveness.answered(liveness.probed(100), 220)
    expect(liveness.roundTripMs).toBe(50)
    const slow = new Liveness(0, 400)
    expect(slow.roundTripMs).toBe(400)
    slow.answered(slow.probed(1_000), 1_010)
    expect(slow.roundTripMs).toBe(10)
    liveness.heard(220 + roundTripEveryMs)
    expect(liveness.verdict(220 + roundTripEveryMs)).toBe('probe')
  })

  it('PY-30 where traffic flows a silent neighbour is asked after 0.75 s and given up within 3 s, on a slow line later', () => {
    const looked = (liveness: Liveness, from: number, congested = false): number => {
      for (let now = from; now < 100_000; now += 250) {
        const verdict = liveness.verdict(now, congested)
        if (verdict === 'dead') return now
        if (verdict === 'probe') liveness.probed(now)
      }
      return Infinity
    }
    const busy = new Liveness(0, 40)
    busy.answered(busy.probed(0), 40)
    busy.heard(1_000)
    busy.sent(1_100)
    expect(looked(busy, 1_200) - 1_100).toBeLessThanOrEqual(3_000)
    const slow = new Liveness(0, 1_200)
    slow.answered(slow.probed(0), 1_200)
    slow.sent(1_300)
    expect(looked(slow, 1_300) - 1_300).toBeGreaterThan(5_000)
    const full = new Liveness(0, 40)
    full.answered(full.probed(0), 40)
    full.sent(100)
    expect(looked(full, 100, true) - 100).toBeGreaterThan(6_000)
    const idle = new Liveness(0, 40)
    idle.answered(idle.probed(0), 40)
    idle.heard(40)
    expect(looked(idle, 100)).toBeLessThanOrEqual(12_040)
  })

  it('ALN-06 counts probes that came to nothing on a link that lives', () => {
    const liveness = new Liveness(0)
    for (let at = 0; at < 40; at++) {
      liveness.probed(at * 1_000)
      liveness.heard(at * 1_000 + 500)
    }
    expect(liveness.loss).toBeGreaterThan(0.9)
    for (let at = 40; at < 100; at++) liveness.answered(liveness.probed(at * 1_000), at * 1_000 + 10)
    expect(liveness.loss).toBeLessThan(0.01)
  })
})
