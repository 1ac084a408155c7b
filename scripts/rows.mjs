// `pnpm rows`: holds the table of docs/from-the-seeds.md against the reports of the test runners.
//
// A row claimed as "done" must have at least one test that ran and passed, with the row's id written out in its title or in that
// of a group it stands in ("ALN-02…04" names ALN-02 only), and no such test may have failed. A skipped test proves nothing.

import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
/** What the stages of `npm test` leave in reports/: vitest's and Playwright's JSON. */
const reportFiles = ['units.json', 'e2e.json']
const statuses = ['done', 'planned', 'not possible', 'out of scope']

/**
 * The rows of the table: lines of the form `| ALN-02 | title | part | status |`.
 * @param {string} markdown
 */
export function readTable(markdown) {
  const rows = []
  for (const line of markdown.split('\n')) {
    const found = /^\|\s*((?:ALN|PY|PN|PP)-\d+)\s*\|(.*)\|\s*$/.exec(line)
    if (found === null) continue
    const cells = found[2].split('|').map((cell) => cell.trim())
    rows.push({ id: found[1], title: cells[0] ?? '', part: cells[1] ?? '', status: cells[2] ?? '' })
  }
  return rows
}

/**
 * Every test of a report with its title, the groups' in front, and how it ended; undefined when the shape is of neither runner.
 * @param {any} report a parsed JSON report of vitest or Playwright
 * @returns {{ title: string, outcome: 'passed' | 'failed' | 'skipped' }[] | undefined}
 */
export function readReport(report) {
  if (Array.isArray(report?.testResults)) {
    return report.testResults.flatMap((file) =>
      (file.assertionResults ?? []).map((test) => ({
        title: [...(test.ancestorTitles ?? []), test.title].join(' › '),
        outcome: outcomeOf(test.status),
      })),
    )
  }
  // The outermost suites of Playwright are files: their names are no titles.
  if (Array.isArray(report?.suites)) return report.suites.flatMap((file) => testsOfSuite(file, []))
  return undefined
}

function testsOfSuite(suite, groups) {
  const own = (suite.specs ?? []).flatMap((spec) =>
    (spec.tests ?? []).map((test) => ({ title: [...groups, spec.title].join(' › '), outcome: outcomeOf(test.results?.at(-1)?.status) })),
  )
  return [...own, ...(suite.suites ?? []).flatMap((inner) => testsOfSuite(inner, [...groups, inner.title]))]
}

/** @returns {'passed' | 'failed' | 'skipped'} */
function outcomeOf(status) {
  if (status === 'passed') return 'passed'
  return ['skipped', 'pending', 'todo', 'disabled', undefined].includes(status) ? 'skipped' : 'failed'
}

/** Is `id` written out in `title`, neither part of a longer word nor of a longer number? */
export function names(title, id) {
  return new RegExp(`(?<![\\w-])${id}(?!\\w)`).test(title)
}

/**
 * @param {{ ids: string[], rows: ReturnType<typeof readTable>, tests: NonNullable<ReturnType<typeof readReport>> }} input
 * @returns {{ claimed: { id: string, passed: number }[], problems: string[] }}
 */
export function checkRows({ ids, rows, tests }) {
  const problems = []
  const listed = new Map()
  for (const row of rows) {
    if (listed.has(row.id)) problems.push(`${row.id} is listed twice`)
    listed.set(row.id, row)
    if (!ids.includes(row.id)) problems.push(`${row.id} is no row of the seeds`)
    if (!statuses.includes(row.status)) problems.push(`${row.id} has the status "${row.status}"; known are ${statuses.join(', ')}`)
  }
  for (const id of ids) if (!listed.has(id)) problems.push(`${id} is missing from the table`)

  const claimed = []
  for (const row of listed.values()) {
    if (row.status !== 'done') continue
    const own = tests.filter((test) => names(test.title, row.id))
    const passed = own.filter((test) => test.outcome === 'passed').length
    const failed = own.filter((test) => test.outcome === 'failed')
    claimed.push({ id: row.id, passed })
    if (passed === 0) {
      const skipped = own.length - failed.length
      problems.push(`${row.id} is claimed as done, but no passed test names it${skipped > 0 ? ` (${skipped} skipped)` : ''}`)
    }
    for (const test of failed) problems.push(`${row.id} is claimed as done, but this test failed: ${test.title}`)
  }
  return { claimed, problems }
}

/** The tests of one report file; one that is missing, unreadable or empty becomes a problem. */
async function readReportFile(folder, file, problems) {
  let text
  try {
    text = await readFile(join(folder, file), 'utf8')
  } catch {
    problems.push(`no report ${file} in ${relative(root, folder) || folder}: run npm test first`)
    return []
  }
  let tests
  try {
    tests = readReport(JSON.parse(text))
  } catch (error) {
    problems.push(`${file} cannot be read: ${error.message}`)
    return []
  }
  if (tests === undefined) problems.push(`${file} is not a report of vitest or Playwright`)
  else if (tests.length === 0) problems.push(`${file} holds no test`)
  return tests ?? []
}

async function main() {
  const { values } = parseArgs({ options: { document: { type: 'string' }, reports: { type: 'string' }, ids: { type: 'string' } } })
  const document = values.document ?? join(root, 'docs/from-the-seeds.md')
  const reports = values.reports ?? join(root, 'reports')
  const ids = Object.values(JSON.parse(await readFile(values.ids ?? join(root, 'packages/core/test/rows.json'), 'utf8'))).flat()
  const rows = readTable(await readFile(document, 'utf8'))

  const problems = []
  const tests = []
  for (const file of reportFiles) tests.push(...(await readReportFile(reports, file, problems)))
  const result = checkRows({ ids, rows, tests })
  problems.push(...result.problems)

  for (const { id, passed } of result.claimed)
    console.log(`${id.padEnd(7)} ${String(passed).padStart(3)} ${passed === 1 ? 'test' : 'tests'}`)
  const count = (status) => rows.filter((row) => row.status === status).length
  console.log(`rows: ${rows.length} listed of ${ids.length}; ${statuses.map((status) => `${count(status)} ${status}`).join(', ')}`)
  for (const problem of problems) console.error(`rows: ${problem}`)
  process.exitCode = problems.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
