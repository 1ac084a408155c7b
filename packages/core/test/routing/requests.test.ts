import { describe, expect, it } from 'vitest'
import { Requests } from '../../src/routing/exchange/requests.ts'
import type { Neighbour } from '../../src/routing/table/origin.ts'
import { RouteTable } from '../../src/routing/table/route-table.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

const tooMuch = 2 ** 48 - 1

function asked() {
  const clock = new VirtualClock()
  const table = new RouteTable<Neighbour>(100, () => clock.now())
  const [parent, greedy, honest] = ['parent', 'greedy', 'honest'].map((address) => ({ address, cost: 16, retiring: false })) as [
    Neighbour,
    Neighbour,
    Neighbour,
  ]
  const answers: string[] = []
  const questions: number[] = []
  const pulls: string[] = []
  const own = { seq48: 5 }
  const proofs = { seq48: 1_000_000 }
  const requests = new Requests<Neighbour>(clock, table, {
    address: 'self',
    ownSeq48: () => own.seq48,
    raiseOwn: () => {},
    tooMany: ({ address }) => void answers.push(`${address} asks too much`),
    ask: (_, __, seq48) => void questions.push(seq48),
    proven: () => proofs.seq48,
    pull: ({ address }, destination, seq48) => void pulls.push(`${address} ${destination} ${seq48}`),
    answer: ({ address }, destination) => void answers.push(`${address} ${destination}`),
  })
  return { clock, table, parent, greedy, honest, answers, questions, own, proofs, pulls, requests }
}

describe('questions for newer numbers', () => {
  it('who asks this node for more than there can be gets the next number, and so does everybody else', () => {
    const { requests, own, greedy, honest, answers, pulls } = asked()
    requests.received(greedy, 'self', tooMuch, 64)
    requests.received(honest, 'self', 6, 64)
    own.seq48 = 6
    requests.raised()
    expect(answers).toEqual(['greedy self', 'honest self'])
    expect(pulls).toEqual([`greedy self ${tooMuch - 1}`])
  })

  it('who asks above all that is known is asked to show why, and then the question goes on once more', () => {
    const { requests, table, parent, honest, pulls, questions, proofs } = asked()
    table.learn(parent, { destination: 'x', seq48: 7, metric: 16, hops: 1 })
    proofs.seq48 = 7
    requests.received(honest, 'x', 91, 64)
    expect([pulls, questions]).toEqual([['honest x 90'], [91]])
    requests.shown('x')
    expect(questions).toEqual([91])
    proofs.seq48 = 90
    requests.shown('x')
    requests.shown('x')
    expect(questions).toEqual([91, 91])
  })

  it('a neighbour that passes on a greedy question and a modest one is answered for the modest one', () => {
    const { requests, clock, table, parent, honest, answers } = asked()
    table.learn(parent, { destination: 'x', seq48: 7, metric: 16, hops: 1 })
    requests.received(honest, 'x', 12, 64)
    clock.runFor(1_000)
    requests.received(honest, 'x', 8, 64)
    requests.review(table.learn(parent, { destination: 'x', seq48: 8, metric: 16, hops: 1 })!.origin)
    expect(answers).toEqual(['honest x'])
    requests.review(table.learn(parent, { destination: 'x', seq48: 12, metric: 16, hops: 1 })!.origin)
    expect(answers).toEqual(['honest x', 'honest x'])
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
