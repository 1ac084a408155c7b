import { expect, it } from 'vitest'
import { DeliveryOrder } from '../../src/gossip/delivery-order.ts'
import { History } from '../../src/gossip/history.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

it('PY-13 BC9 what an origin said in an earlier life comes before what it says in a later one, also when that is here first', () => {
  const order = new DeliveryOrder(new VirtualClock())
  const histories = new Map([1, 2].map((epoch) => [epoch, new History()]))
  const delivered: string[] = []
  const take = (epoch: number, counter: number): void => {
    const deliver = (): void => void delivered.push(`${epoch}.${counter}`)
    order.take({ origin: 'ka', epoch, fleeting: false, counter }, { history: histories.get(epoch)!, floor: 0, deliver })
  }
  take(2, 2)
  take(1, 2)
  take(2, 1)
  expect(delivered).toEqual([])
  take(1, 1)
  expect([delivered, order.held]).toEqual([['1.1', '1.2', '2.1', '2.2'], 0])
})
