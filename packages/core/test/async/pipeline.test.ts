import { describe, expect, it } from 'vitest'
import { deferred, type Deferred } from '../../src/async/deferred.ts'
import { Pipeline, type PipelineTask } from '../../src/async/pipeline.ts'

const log: string[] = []

function task(name: string, result: number | Deferred<number>, alone = false): PipelineTask<number> {
  return {
    begin() {
      log.push(`begin ${name}`)
      return typeof result === 'number' ? result : result.promise
    },
    finish: (value) => void log.push(`${name} = ${value}`),
    failed: (error) => void log.push(`${name} failed: ${(error as Error).message}`),
    isAlone: () => alone,
  }
}

async function turn(): Promise<void> {
  await new Promise(setImmediate)
}

describe('a pipeline', () => {
  it('of tasks that answer at once has nothing waiting', () => {
    log.length = 0
    const pipeline = new Pipeline<number>(2, 2)
    for (let index = 0; index < 20; index += 1) expect(pipeline.push(task(`t${index}`, index, index % 3 === 0))).toBe(true)
    expect(log.slice(0, 4)).toEqual(['begin t0', 't0 = 0', 'begin t1', 't1 = 1'])
    expect(log).toHaveLength(40)
  })

  it('begins a few at a time, and finishes them in their order, those that fail too', async () => {
    log.length = 0
    const pipeline = new Pipeline<number>(9, 2)
    const results = [deferred<number>(), deferred<number>(), deferred<number>()]
    for (const [index, result] of results.entries()) pipeline.push(task(`t${index}`, result))
    expect(log).toEqual(['begin t0', 'begin t1'])
    results[1]!.reject(new Error('no'))
    await turn()
    expect(log).toEqual(['begin t0', 'begin t1'])
    results[0]!.resolve(7)
    await turn()
    expect(log.slice(2)).toEqual(['t0 = 7', 't1 failed: no', 'begin t2'])
    results[2]!.resolve(9)
    await turn()
    expect(log.at(-1)).toBe('t2 = 9')
  })

  it('that begins with an error has failed', () => {
    log.length = 0
    const pipeline = new Pipeline<number>(2, 2)
    const begin = (): number => {
      throw new Error('at once')
    }
    pipeline.push({ ...task('t', 0), begin })
    pipeline.push(task('u', 1))
    expect(log).toEqual(['t failed: at once', 'begin u', 'u = 1'])
  })

  it('leaves a task alone that wants to be', async () => {
    log.length = 0
    const pipeline = new Pipeline<number>(9, 4)
    const results = [deferred<number>(), deferred<number>(), deferred<number>()]
    pipeline.push(task('before', results[0]!))
    pipeline.push(task('alone', results[1]!, true))
    pipeline.push(task('behind', results[2]!))
    expect(log).toEqual(['begin before'])
    results[0]!.resolve(1)
    await turn()
    expect(log.slice(1)).toEqual(['before = 1', 'begin alone'])
    results[1]!.resolve(2)
    await turn()
    expect(log.slice(3)).toEqual(['alone = 2', 'begin behind'])
  })

  it('takes so many and no more; clear forgets them', async () => {
    log.length = 0
    const pipeline = new Pipeline<number>(3, 1)
    const first = deferred<number>()
    expect(['a', 'b', 'c', 'd'].map((name) => pipeline.push(task(name, name === 'a' ? first : 1)))).toEqual([true, true, true, false])
    pipeline.clear()
    first.resolve(1)
    await turn()
    expect(log).toEqual(['begin a'])
    pipeline.push(task('e', 2))
    expect(log.at(-1)).toBe('e = 2')
  })
})
