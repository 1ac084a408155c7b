import { describe, expect, it } from 'vitest'
import { Requests } from '../../src/routing/requests.ts'
import type { Neighbour } from '../../src/routing/origin.ts'
import { RouteTable } from '../../src/routing/route-table.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const tooMuch = 2 ** 48 - 1

function asked() {
  const clock = new VirtualClock()
  const table = new RouteTable<Neighbour>(100, () => clock.now())
  const [parent, greedy, honest] = ['parent', 'greedy', 'honest'].map((address) => ({ address, cost: 16, retiring: false })) as [Neighbour, Neighbour, Neighbour]
  const answers: string[] = []
  const questions: number[] = []
  const own = { seq48: 5 }
  const requests = new Requests<Neighbour>(clock, table, {
    address: 'self',
    ownSeq48: () => own.seq48,
    raiseOwn: () => {},
    tooMany: ({ address }) => void answers.push(`${address} asks too much`),
    ask: (_, __, seq48) => void questions.push(seq48),
    answer: ({ address }, destination) => void answers.push(`${address} ${destination}`),
  })
  return { clock, table, parent, greedy, honest, answers, questions, own, requests }
}

describe('questions for newer numbers', () => {
  it('who asks this node for more than there can be gets the next number, and so does everybody else', () => {
    const { requests, own, greedy, honest, answers } = asked()
    requests.received(greedy, 'self', tooMuch, 64)
    requests.received(honest, 'self', 6, 64)
    own.seq48 = 6
    requests.raised()
    expect(answers).toEqual(['greedy self', 'honest self'])
  })

  it('no question goes back to who asked it, by another link to the same node either', () => {
    const { requests, table, parent, honest, questions } = asked()
    const parallel = { ...honest }
    table.learn(parallel, { destination: 'x', seq48: 7, metric: 16, hops: 1 })
    requests.received(honest, 'x', 8, 64)
    expect(questions).toEqual([])
    table.learn(parent, { destination: 'x', seq48: 7, metric: 900, hops: 1 })
    requests.received(honest, 'x', 8, 64)
    expect(questions).toEqual([8])
  })

  it('who asks for more than there can be keeps no answer from those who wait with it', () => {
    const { requests, table, parent, greedy, honest, answers } = asked()
    table.learn(parent, { destination: 'x', seq48: 7, metric: 16, hops: 1 })
    requests.received(greedy, 'x', tooMuch, 64)
    requests.received(honest, 'x', 8, 64)
    expect(answers).toEqual([])
    const learned = table.learn(parent, { destination: 'x', seq48: 8, metric: 16, hops: 1 })
    requests.review(learned!.origin)
    expect(answers).toEqual(['honest x'])
  })
})
