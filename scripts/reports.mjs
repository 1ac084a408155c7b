// Reads what vitest and Playwright wrote down: how many tests passed and failed, and which did not run.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

const nothing = () => ({ passed: 0, failed: 0, left: [] })

function readVitest(report) {
  const count = nothing()
  for (const file of report.testResults) {
    if (file.status === 'failed' && file.assertionResults.length === 0) count.failed++
    for (const test of file.assertionResults) {
      if (test.status === 'passed') count.passed++
      else if (test.status === 'failed') count.failed++
      else count.left.push(test.fullName)
    }
  }
  return count
}

function readPlaywright(report) {
  const count = nothing()
  const visit = (suite) => {
    for (const spec of suite.specs ?? []) {
      for (const test of spec.tests) {
        if (test.status === 'expected') count.passed++
        else if (test.status === 'unexpected' || test.status === 'flaky') count.failed++
        else count.left.push([spec.title, ...test.annotations.map(({ description }) => description ?? '')].filter(Boolean).join(': '))
      }
    }
    for (const inner of suite.suites ?? []) visit(inner)
  }
  for (const suite of report.suites ?? []) visit(suite)
  if (count.passed + count.failed === 0) count.failed += (report.errors ?? []).length
  return count
}

/** { passed, failed, left: titles that did not run, with the reason where one is given } of a report file. */
export function readReport(path) {
  const file = join(root, path)
  if (!existsSync(file)) return nothing()
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'))
    return report.testResults === undefined ? readPlaywright(report) : readVitest(report)
  } catch (error) {
    console.error(`${path} cannot be read: ${error.message}`)
    return nothing()
  }
}
