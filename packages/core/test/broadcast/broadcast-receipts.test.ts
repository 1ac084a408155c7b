import { describe, expect, it } from 'vitest'
import { asksAtOnce, askAfterMs, askEveryMs, awaitedMax, awaitedMs, leftAfterMs } from '../../src/broadcast/broadcast-limits.ts'
import { ReceiptBook } from '../../src/broadcast/broadcast-receipts.ts'
import type { Address } from '../../src/identity/address.ts'
import type { Receipt } from '../../src/identity/receipt-proof.ts'
import type { Packet } from '../../src/wire/packet.ts'
import type { Router } from '../../src/routing/router.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import type { BroadcastId } from '../../src/wire/gossip-control.ts'

function idOf(counter: number): BroadcastId {
  return { origin: 'ka', epoch: 7, fleeting: false, counter }
}

/** A book, and a router that knows the members that the test says. */
class Stage {
  readonly clock = new VirtualClock()
  readonly book = new ReceiptBook(this.clock)
  readonly here: Set<string>
  asked: string[] = []
  #take: (receipt: Receipt) => void = () => {}

  constructor(...members: string[]) {
    this.here = new Set(members)
    const router: Pick<Router, 'takeReceipts' | 'send'> & { routes(): unknown; destination(address: string): unknown } = {
      takeReceipts: (take) => void (this.#take = take),
      routes: () => [...this.here].map((address) => ({ address, kind: 'member' })),
      destination: (address) => (this.here.has(address) ? {} : undefined),
      send: ({ destAddr }: Packet) => void this.asked.push(destAddr ?? ''),
    }
    this.book.attach(router as unknown as Router)
  }

  receipt(from: string, start: number, end = start + 1): void {
    this.#take({ from, rows: { ...idOf(start), ranges: [{ start, end }] } })
  }
}

describe('PY-13 receipts that are awaited', () => {
  it('PY-13 after the signal is aborted nobody is asked, and nothing changes', async () => {
    const stage = new Stage('bob')
    const over = new AbortController()
    const { done, delivered, pending } = stage.book.open(idOf(1), over.signal)
    over.abort()
    await expect(done).rejects.toMatchObject({ code: 'ABORTED' })
    stage.clock.runFor(2 * askAfterMs)
    stage.receipt('bob', 1)
    expect([stage.asked, delivered.size, pending.size, stage.clock.waiting]).toEqual([[], 0, 1, 0])
  })

  it('PY-13 a signal that is aborted when it is done ends nothing: who comes late is counted', async () => {
    const stage = new Stage('bob')
    const over = new AbortController()
    const { done, delivered } = stage.book.open(idOf(1), over.signal)
    stage.receipt('bob', 1)
    await done
    over.abort()
    stage.receipt('late', 1)
    expect([...delivered]).toEqual(['bob', 'late'])
  })

  it('PY-13 no timer is left after the window, or the end', async () => {
    const stage = new Stage('bob')
    const one = stage.book.open(idOf(1), undefined)
    stage.clock.runFor(awaitedMs + askEveryMs)
    await one.done
    expect([stage.clock.waiting, [...one.pending]]).toEqual([0, ['bob']])
    const other = stage.book.open(idOf(2), undefined)
    stage.book.close()
    await expect(other.done).rejects.toMatchObject({ code: 'CLOSED' })
    expect(stage.clock.waiting).toBe(0)
  })

  it('LM above awaitedMax the oldest that is done is followed no more', () => {
    const stage = new Stage('bob')
    const all = Array.from({ length: awaitedMax + 1 }, (_, counter) => {
      const opened = stage.book.open(idOf(counter), undefined)
      if (counter > 0) stage.receipt('bob', counter)
      else expect(stage.book.full).toBe(false)
      return opened
    })
    stage.receipt('late', 0, awaitedMax + 1)
    // The first one is still waited for; the second one was done first.
    expect(all.flatMap(({ delivered }, counter) => (delivered.has('late' as Address) ? [] : [counter]))).toEqual([1])
  })

  it('PY-13 who is seen in between has not left', () => {
    const stage = new Stage('bob')
    const { pending, left } = stage.book.open(idOf(1), undefined)
    const away = (ms: number): void => {
      stage.here.clear()
      stage.clock.runFor(ms)
      stage.here.add('bob')
    }
    away(leftAfterMs - askEveryMs)
    stage.clock.runFor(askEveryMs)
    away(leftAfterMs - askEveryMs)
    expect([pending.size, left.size]).toEqual([1, 0])
    away(2 * leftAfterMs)
    expect([pending.size, left.size]).toEqual([0, 1])
    // Back for one look, and asked at once.
    stage.asked = []
    stage.clock.runFor(askEveryMs)
    expect([pending.size, left.size, stage.asked]).toEqual([1, 0, ['bob']])
    away(leftAfterMs - askEveryMs)
    expect([pending.size, left.size]).toEqual([1, 0])
  })

  it('PY-13 who does not answer makes room for the others', () => {
    const members = Array.from({ length: 2 * asksAtOnce }, (_, index) => `m${index}`)
    const stage = new Stage(...members)
    stage.book.open(idOf(1), undefined)
    stage.clock.runFor(askAfterMs + askEveryMs)
    expect(stage.asked).toEqual(members)
  })
})
