import { beforeEach, expect, it } from 'vitest'
import { DeliveryOrder } from '../../src/gossip/delivery-order.ts'
import { gapWaitMs, gapWaitMsMax } from '../../src/gossip/gossip-limits.ts'
import { History } from '../../src/gossip/history.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

let clock: VirtualClock
let order: DeliveryOrder
let histories: Map<string, History>
let delivered: string[]

beforeEach(() => {
  clock = new VirtualClock()
  order = new DeliveryOrder(clock)
  histories = new Map()
  delivered = []
})

function take(epoch: number, counter: number, { floor = 0, late = false, origin = 'ka' } = {}): void {
  const key = `${origin} ${epoch}`
  const history = histories.get(key) ?? new History()
  histories.set(key, history)
  const deliver = (): void => void delivered.push(`${epoch}.${counter}`)
  order.take({ origin, epoch, fleeting: false, counter }, { history, floor, late, deliver })
}

it('PY-13 BC9 what an origin said in an earlier life comes before what it says in a later one, also when that is here first', () => {
  take(2, 2)
  take(1, 2)
  take(2, 1)
  expect(delivered).toEqual([])
  take(1, 1)
  expect([delivered, order.held, clock.waiting]).toEqual([['1.1', '1.2', '2.1', '2.2'], 0, 0])
})

it('PY-13 BC9 each gap is waited for in its turn; what comes after that is late', () => {
  take(1, 2)
  take(1, 4)
  clock.runFor(gapWaitMs - 1)
  expect(delivered).toEqual([])
  clock.runFor(1)
  expect(delivered).toEqual(['1.2'])
  take(1, 1)
  clock.runFor(gapWaitMs - 1)
  expect(delivered).toEqual(['1.2', '1.1'])
  clock.runFor(1)
  expect([delivered, order.held]).toEqual([['1.2', '1.1', '1.4'], 0])
})

it('PY-13 BC9 what cannot be had any more is not waited for: those above it go out in their order, in that life alone', () => {
  take(2, 2)
  take(1, 4)
  take(1, 2)
  take(1, 9, { floor: 5 })
  expect(delivered).toEqual(['1.2', '1.4'])
  for (const counter of [8, 7, 6]) take(1, counter)
  expect(delivered).toEqual(['1.2', '1.4', '1.6', '1.7', '1.8', '1.9'])
  // Of the later life the first is missing still.
  take(2, 1)
  expect([delivered.slice(-2), order.held]).toEqual([['2.1', '2.2'], 0])
  take(2, 9, { floor: 8 })
  expect(delivered.at(-1)).toBe('2.9')
})

it('PY-13 BC9 while catching up goes on, be it with another origin, what is missing is waited for, but not for ever', () => {
  take(1, 31)
  for (let counter = 1; counter <= 5; counter += 1) {
    take(7, counter, { late: true, origin: 'kb' })
    clock.runFor(gapWaitMs - 1)
  }
  for (let counter = 1; counter <= 30; counter += 1) take(1, counter, { late: true })
  expect(delivered.slice(5)).toEqual(Array.from({ length: 31 }, (_, index) => `1.${index + 1}`))
  take(1, 40)
  clock.runFor(gapWaitMs)
  expect(delivered.at(-1)).toBe('1.40')
  // It comes drop by drop.
  take(1, 50)
  const since = clock.now()
  for (let counter = 6; delivered.at(-1) !== '1.50'; counter += 1) {
    take(7, counter, { late: true, origin: 'kb' })
    clock.runFor(1_000)
  }
  expect(clock.now() - since).toBe(gapWaitMsMax)
})

it('BC9 leaves no timer behind', () => {
  take(1, 2)
  order.stop()
  expect(clock.waiting).toBe(0)
})
