import { describe, expect, it } from 'vitest'
import { Acknowledgements } from '../../src/session/acknowledgements.ts'
import {
  Congestion,
  congestionWindowBytesFirst,
  congestionWindowBytesLeast,
  congestionWindowBytesMost,
} from '../../src/session/congestion.ts'
import { LossRecovery, type AckOutcome } from '../../src/session/loss-recovery.ts'
import type { Range } from '../../src/bytes/range-set.ts'
import { RoundTrip } from '../../src/session/round-trip.ts'
import {
  ackDelayMs,
  ackBytesMax,
  ackElicitingMax,
  ackGatherMs,
  ackRangesMax,
  rtoFirstMs,
  rtoLeastMs,
  rtoMostMs,
  largeSessionPacketBytesMax,
  sessionPacketBytesMax,
  unacknowledgedMsMax,
} from '../../src/session/session-limits.ts'
import { isWireFault, WireFault } from '../../src/wire/wire-fault.ts'

function recoveryWith(count: number, at: (number: number) => number = () => 0): LossRecovery<string> {
  const recovery = new LossRecovery<string>()
  for (let number = 0; number < count; number += 1) recovery.sent({ number, sentAt: at(number), bytes: 100, frames: [`f${number}`] })
  return recovery
}

function acked(recovery: LossRecovery<string>, ranges: readonly Range[], now: number): AckOutcome<string> {
  const outcome = recovery.acknowledged(ranges, 0, now)
  if (isWireFault(outcome)) throw new Error(outcome.detail)
  return outcome
}

function numbers(packets: readonly { readonly number: number }[]): number[] {
  return packets.map(({ number }) => number)
}

function range(start: number, end = start + 1): Range {
  return { start, end }
}

describe('loss recovery', () => {
  it('what three later packets overtook is lost, less is only late', () => {
    const recovery = recoveryWith(5)
    expect(numbers(acked(recovery, [range(1, 3)], 50).lost)).toEqual([])
    const outcome = acked(recovery, [range(1, 4)], 51)
    expect([numbers(outcome.acked), numbers(outcome.lost)]).toEqual([[3], [0]])
    expect(recovery.inFlight).toBe(1)
  })

  it('what one later packet overtook is lost an eighth of a round trip later', () => {
    const recovery = recoveryWith(2)
    acked(recovery, [range(1)], 80)
    expect(recovery.dueAt).toBe(90)
    expect(numbers(recovery.overdue(89))).toEqual([])
    expect(numbers(recovery.overdue(90))).toEqual([0])
    expect(recovery.dueAt).toBeUndefined()
  })

  it('RFC 6298: without an answer the oldest packets are said again, each time after twice as long', () => {
    const recovery = recoveryWith(3)
    expect(recovery.dueAt).toBe(rtoFirstMs)
    expect(numbers(recovery.timedOut(rtoFirstMs))).toEqual([0, 1])
    expect(recovery.dueAt).toBe(rtoFirstMs + 2 * rtoFirstMs)
    recovery.sent({ number: 3, sentAt: rtoFirstMs, bytes: 1, frames: [] })
    recovery.timedOut(3_000)
    recovery.sent({ number: 4, sentAt: 3_000, bytes: 1, frames: [] })
    expect(recovery.dueAt).toBe(3_000 + 4 * rtoFirstMs)
    for (let index = 0; index < 9; index += 1) {
      recovery.timedOut(4_000)
      recovery.sent({ number: 5 + index, sentAt: 4_000, bytes: 1, frames: [] })
    }
    expect(recovery.dueAt).toBe(4_000 + rtoMostMs)
    acked(recovery, [range(13)], 4_010)
    expect(recovery.timeouts).toBe(0)
  })

  it('a late packet that was taken for lost is noticed, and more are waited for', () => {
    const recovery = recoveryWith(20)
    expect(numbers(acked(recovery, [range(3)], 10).lost)).toEqual([0])
    expect(acked(recovery, [range(3), range(0)], 11)).toMatchObject({ mistaken: true, acked: [] })
    expect(numbers(acked(recovery, [range(3, 6)], 11).lost)).toEqual([])
    expect(numbers(acked(recovery, [range(3, 9)], 11).lost)).toEqual([1, 2])
  })

  it('SE14 a peer that acknowledges what was never sent, or left out on purpose, breaks the rules', () => {
    expect(recoveryWith(5).acknowledged([range(5)], 0, 10)).toBeInstanceOf(WireFault)
    expect(recoveryWith(5).acknowledged([range(2 ** 40)], 0, 10)).toBeInstanceOf(WireFault)
    const recovery = recoveryWith(5)
    recovery.passed(5, true)
    recovery.sent({ number: 6, sentAt: 0, bytes: 1, frames: [] })
    expect(isWireFault(recovery.acknowledged([range(6), range(0, 5)], 0, 10))).toBe(false)
    expect(recovery.acknowledged([range(0, 7)], 0, 10)).toBeInstanceOf(WireFault)
  })

  it('an acknowledgement that claims a trillion packets costs no more than what is in flight', () => {
    const recovery = new LossRecovery<string>()
    recovery.passed(2 ** 40, false)
    recovery.sent({ number: 2 ** 40 + 1, sentAt: 0, bytes: 1, frames: [] })
    expect(numbers(acked(recovery, [range(0, 2 ** 40 + 2)], 5).acked)).toEqual([2 ** 40 + 1])
  })

  it('a delay that is the length of the round trip does not make it nothing', () => {
    const recovery = recoveryWith(1)
    recovery.acknowledged([range(0)], 1e9, 100)
    expect(recovery.roundTrip.smoothedMs).toBe(50)
  })

  it('a change of the route resets the timeout and what was measured', () => {
    const recovery = recoveryWith(4)
    acked(recovery, [range(0)], 40)
    recovery.timedOut(500)
    recovery.routeChanged(600)
    expect([recovery.timeouts, recovery.roundTrip.smoothedMs, recovery.dueAt]).toEqual([0, undefined, 600 + rtoFirstMs])
  })

  it('half a minute of silence is hopeless, but not for who slept through it', () => {
    const recovery = recoveryWith(9)
    expect(recovery.isHopeless(unacknowledgedMsMax)).toBe(false)
    for (let count = 0; count < 4; count += 1) {
      recovery.timedOut(count)
      recovery.sent({ number: 9 + count, sentAt: count, bytes: 1, frames: [] })
    }
    expect(recovery.isHopeless(unacknowledgedMsMax - 1)).toBe(false)
    expect(recovery.isHopeless(unacknowledgedMsMax)).toBe(true)
  })

  it('what is given up is given back', () => {
    const recovery = recoveryWith(3)
    expect(numbers(recovery.drain())).toEqual([0, 1, 2])
    expect([recovery.inFlight, recovery.dueAt]).toEqual([0, undefined])
  })
})

describe('round trips', () => {
  it('the timeout is the smoothed round trip and four times its variation, within its bounds', () => {
    const trip = new RoundTrip()
    expect(trip.timeoutMs).toBe(rtoFirstMs)
    trip.measured(200, 0)
    expect(trip.timeoutMs).toBe(600)
    for (let count = 0; count < 200; count += 1) trip.measured(10, 0)
    expect(trip.timeoutMs).toBe(rtoLeastMs)
    trip.measured(1e6, 0)
    expect(trip.timeoutMs).toBe(rtoMostMs)
  })
})

describe('a queue on the way', () => {
  it('shows as round trips that are 100 ms longer than the least, and twice as long', () => {
    const trip = new RoundTrip()
    const crowdedAfter = (ms: number, now: number): boolean => {
      for (let count = 0; count < 50; count += 1) trip.measured(ms, now)
      return trip.isCrowded
    }
    expect([crowdedAfter(20, 0), crowdedAfter(110, 100), crowdedAfter(130, 200)]).toEqual([false, false, true])
    // After a minute it is the path that is so long.
    expect(crowdedAfter(130, 31_000)).toBe(true)
    expect(crowdedAfter(130, 62_000)).toBe(false)
    trip.reset()
    expect([crowdedAfter(600, 63_000), crowdedAfter(1_100, 63_001), crowdedAfter(1_300, 63_002)]).toEqual([false, false, true])
  })

  it('ends the doubling of the window', () => {
    const congestion = new Congestion()
    congestion.sent(1e6)
    congestion.crowded()
    congestion.acked(100_000, 1, true)
    expect(congestion.windowBytes).toBeCloseTo(congestionWindowBytesFirst + (sessionPacketBytesMax * 100_000) / congestionWindowBytesFirst)
  })
})

describe('acknowledgements', () => {
  it('leave at once after a pause and out of order, else 4 ms behind a second packet or a later one, or after 20 ms', () => {
    const acks = new Acknowledgements()
    acks.received(0, { eliciting: true, now: 100 })
    expect(acks.dueAt).toBe(100)
    acks.told()
    acks.received(1, { eliciting: true, now: 104 })
    expect(acks.dueAt).toBe(104 + ackDelayMs)
    acks.received(2, { eliciting: true, now: 105 })
    expect(acks.dueAt).toBe(105 + ackGatherMs)
    expect(acks.current(107)).toEqual({ kind: 'ack', delayMs: 2, ranges: [range(0, 3)] })
    acks.told()
    // Half a round trip is a pause, too: the next of those that are said one after the other.
    acks.received(3, { eliciting: true, now: 107, pauseMs: 2 })
    expect(acks.dueAt).toBe(107)
    acks.told()
    expect([acks.dueAt, acks.isPending]).toEqual([undefined, false])
    acks.received(6, { eliciting: true, now: 108 })
    expect(acks.dueAt).toBe(108)
    expect(acks.current(200)?.ranges).toEqual([range(6), range(0, 4)])
  })

  it('of packets that keep coming leave 20 ms after the first of them, or 4 ms after the last', () => {
    const acks = new Acknowledgements()
    const full = { eliciting: true, bytes: sessionPacketBytesMax - 31 }
    const dueAt = [100, 103, 106, 109, 112, 115, 118].map((now, number) => {
      acks.received(number, { ...full, now })
      return acks.dueAt
    })
    expect(dueAt).toEqual([104, 107, 110, 113, 116, 119, 120])
    // What is due already waits for nothing that comes after it.
    acks.received(9, { ...full, now: 119 })
    acks.received(10, { ...full, now: 119 })
    expect(acks.dueAt).toBe(119)
  })

  it('of full packets wait for more of them, also after a pause, up to 32', () => {
    const acks = new Acknowledgements()
    const full = { eliciting: true, bytes: 10_000, now: 100 }
    for (let number = 0; number < ackElicitingMax - 1; number += 1) {
      acks.received(number, full)
      expect(acks.dueAt).toBe(100 + ackGatherMs)
    }
    acks.received(ackElicitingMax - 1, full)
    expect(acks.dueAt).toBe(100)
  })

  it('of large packets leave with as many bytes as 32 full ones have', () => {
    const acks = new Acknowledgements()
    const bytes = largeSessionPacketBytesMax
    let number = 0
    for (; (number + 1) * bytes < ackBytesMax; number += 1) {
      acks.received(number, { eliciting: true, bytes, now: 100 })
      expect(acks.dueAt).toBe(100 + ackGatherMs)
    }
    expect(number).toBeGreaterThan(6)
    acks.received(number, { eliciting: true, bytes, now: 100 })
    expect(acks.dueAt).toBe(100)
    acks.told()
    acks.received(number + 1, { eliciting: true, bytes, now: 101 })
    expect(acks.dueAt).toBe(101 + ackGatherMs)
  })

  it('are never asked for by acknowledgements', () => {
    const acks = new Acknowledgements()
    for (let number = 0; number < 10; number += 1) acks.received(number, { eliciting: false, now: number })
    expect([acks.dueAt, acks.isPending]).toEqual([undefined, false])
  })

  it('name a bounded number of ranges, the highest', () => {
    const acks = new Acknowledgements()
    for (let number = 0; number < 1_000; number += 2) acks.received(number, { eliciting: true, now: 0 })
    const ranges = acks.current(0)?.ranges
    expect([ranges?.length, ranges?.[0]]).toEqual([ackRangesMax, range(998)])
    acks.confirmed(990)
    expect(acks.current(0)?.ranges).toEqual([range(998), range(996), range(994), range(992), range(990)])
  })
})

describe('congestion', () => {
  it('doubles each round trip until a loss, then halves once a round trip and grows by a packet', () => {
    const congestion = new Congestion()
    expect(congestion.windowBytes).toBe(congestionWindowBytesFirst)
    congestion.sent(100_000)
    congestion.acked(50_000, 0, true)
    expect(congestion.windowBytes).toBe(congestionWindowBytesFirst + 50_000)
    congestion.lost(10_000, 5, 20)
    const halved = (congestionWindowBytesFirst + 50_000) / 2
    expect(congestion.windowBytes).toBe(halved)
    congestion.lost(10_000, 19, 25)
    expect(congestion.windowBytes).toBe(halved)
    congestion.acked(10_000, 21, true)
    expect(congestion.windowBytes).toBeCloseTo(halved + (sessionPacketBytesMax * 10_000) / halved)
    expect(congestion.inFlightBytes).toBe(20_000)
  })

  it('does not grow while the app has nothing to send, nor beyond its bounds', () => {
    const congestion = new Congestion()
    congestion.sent(1e9)
    congestion.acked(1e6, 1, false)
    expect(congestion.windowBytes).toBe(congestionWindowBytesFirst)
    congestion.acked(5e8, 1, true)
    expect(congestion.windowBytes).toBe(congestionWindowBytesMost)
    for (let at = 10; at < 30; at += 1) congestion.lost(1, at, at)
    expect(congestion.windowBytes).toBe(congestionWindowBytesLeast)
  })

  it('a verdict that was wrong is taken back', () => {
    const congestion = new Congestion()
    congestion.sent(100)
    congestion.lost(10, 1, 2)
    congestion.undo()
    expect(congestion.windowBytes).toBe(congestionWindowBytesFirst)
    congestion.collapse()
    expect(congestion.windowBytes).toBe(congestionWindowBytesLeast)
    congestion.undo()
    congestion.undo()
    expect(congestion.windowBytes).toBe(congestionWindowBytesFirst)
  })
})
