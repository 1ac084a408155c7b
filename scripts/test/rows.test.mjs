import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkRows, names, readReport, readTable } from '../rows.mjs'

const script = fileURLToPath(new URL('../rows.mjs', import.meta.url))

const vitestReport = (...tests) => ({ testResults: [{ assertionResults: tests.map(([title, status]) => ({ title, status })) }] })
const playwrightReport = (...tests) => ({
  suites: [
    {
      title: 'some.spec.ts',
      suites: [
        {
          title: 'group',
          specs: tests.map(([title, ...results]) => ({ title, tests: [{ results: results.map((status) => ({ status })) }] })),
        },
      ],
    },
  ],
})
const check = (rows, tests, ids = ['ALN-03']) =>
  checkRows({ ids, rows: readTable(table(...rows)), tests: readReport(vitestReport(...tests)) })
const table = (...rows) =>
  ['| id | what | part | status |', '|---|---|---|---|', ...rows.map((cells) => `| ${cells.join(' | ')} |`)].join('\n')

describe('names', () => {
  // No id may stand in the titles of this file: the report of this very run would count them.
  test.each([
    ['in front', 'ALN-03 closes once', true],
    ['in brackets', 'closes once (ALN-03)', true],
    ['after another', 'ALN-33, ALN-03: frames', true],
    ['inside a range', 'ALN-02…04 start and stop', false],
    ['inside a longer number', 'ALN-030 is another', false],
    ['inside a longer word', 'XALN-03 is another', false],
    ['in small letters', 'aln-03 in small letters', false],
  ])('an id %s', (_, title, expected) => {
    expect(names(title, 'ALN-03')).toBe(expected)
  })
  test('the last of a range is not named', () => {
    expect(names('ALN-02…04 start and stop', 'ALN-04')).toBe(false)
  })
})

describe('readReport', () => {
  test('reads how each test ended, from both runners', () => {
    expect(readReport(vitestReport(['a', 'passed'], ['b', 'failed'], ['c', 'skipped'], ['d', 'todo']))).toEqual([
      { title: 'a', outcome: 'passed' },
      { title: 'b', outcome: 'failed' },
      { title: 'c', outcome: 'skipped' },
      { title: 'd', outcome: 'skipped' },
    ])
    expect(readReport(playwrightReport(['a', 'passed'], ['b', 'timedOut'], ['c', 'failed', 'passed'], ['d', 'skipped'], ['e']))).toEqual([
      { title: 'group › a', outcome: 'passed' },
      { title: 'group › b', outcome: 'failed' },
      { title: 'group › c', outcome: 'passed' },
      { title: 'group › d', outcome: 'skipped' },
      { title: 'group › e', outcome: 'skipped' },
    ])
    const grouped = { testResults: [{ assertionResults: [{ ancestorTitles: ['group'], title: 'a', status: 'passed' }] }] }
    expect(readReport(grouped)).toEqual([{ title: 'group › a', outcome: 'passed' }])
    expect(readReport({ anything: 'else' })).toBeUndefined()
  })
})

describe('checkRows', () => {
  const done = ['ALN-03', 'close', 'two commands', 'done']

  test('a row with a passed test is proven and counted', () => {
    expect(
      check(
        [done],
        [
          ['ALN-03 a', 'passed'],
          ['ALN-03 b', 'passed'],
        ],
      ),
    ).toEqual({ claimed: [{ id: 'ALN-03', passed: 2 }], problems: [] })
  })
  test.each([
    ['no test', [done], [], /no passed test/],
    ['only a range names it', [done], [['ALN-02…04 a', 'passed']], /no passed test/],
    ['only a skipped test', [done], [['ALN-03 a', 'skipped']], /1 skipped/],
    [
      'a failed test beside a passed one',
      [done],
      [
        ['ALN-03 a', 'passed'],
        ['ALN-03 b', 'failed'],
      ],
      /failed: ALN-03 b/,
    ],
    ['listed twice', [done, done], [['ALN-03 a', 'passed']], /listed twice/],
    ['missing', [], [], /missing/],
    ['an unknown id', [done, ['ALN-99', 'x', 'y', 'planned']], [['ALN-03 a', 'passed']], /ALN-99 is no row/],
    ['unknown status', [['ALN-03', 'close', 'two commands', 'nearly']], [], /nearly/],
  ])('fails: %s', (_, rows, tests, problem) => {
    expect(check(rows, tests).problems.join('\n')).toMatch(problem)
  })
  test('a planned row needs no test', () => {
    expect(check([['ALN-03', 'close', 'router', 'planned']], []).problems).toEqual([])
  })
})

describe('the command', () => {
  let folder
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rows-'))
    await writeFile(
      join(folder, 'table.md'),
      table(['ALN-03', 'close', 'two commands', 'done'], ['PY-01', 'create', 'two commands', 'done']),
    )
    await writeFile(join(folder, 'ids.json'), JSON.stringify({ ALN: ['ALN-03'], PY: ['PY-01'] }))
    await writeFile(join(folder, 'units.json'), JSON.stringify(vitestReport(['ALN-03 closes', 'passed'])))
    await writeFile(join(folder, 'e2e.json'), JSON.stringify(playwrightReport(['PY-01 opens', 'passed'])))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const rows = () =>
    new Promise((resolve) => {
      const args = [script, '--document', join(folder, 'table.md'), '--ids', join(folder, 'ids.json'), '--reports', folder]
      execFile(process.execPath, args, (error, stdout, stderr) => resolve({ code: error === null ? 0 : error.code, stdout, stderr }))
    })

  test('passes and lists each claimed row with the number of its tests', async () => {
    const { code, stdout, stderr } = await rows()
    expect(stderr).toBe('')
    expect(stdout).toMatch(/ALN-03\s+1 test\n/)
    expect(stdout).toMatch(/PY-01\s+1 test\n/)
    expect(code).toBe(0)
  })
  test.each([
    ['a report is missing', () => rm(join(folder, 'e2e.json')), /no report e2e.json/],
    ['a report is empty', () => writeFile(join(folder, 'units.json'), JSON.stringify(vitestReport())), /units.json holds no test/],
    ['a report is cut off', () => writeFile(join(folder, 'units.json'), '{"testResults": ['), /units.json cannot be read/],
    ['a report is something else', () => writeFile(join(folder, 'units.json'), '{}'), /not a report/],
  ])('fails when %s', async (_, damage, problem) => {
    await damage()
    const { code, stderr } = await rows()
    expect(stderr).toMatch(problem)
    expect(code).toBe(1)
  })
})
