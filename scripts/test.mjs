// `npm test`: installs what the tests need, runs every stage, and ends with a summary and one line of counts.
// `--quick` leaves out what needs a browser. Stops at the first stage that fails, with exit code 1.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { provideChromium } from './chromium.mjs'
import { readReport } from './reports.mjs'
import { exists, stages } from './stages.mjs'
import { install, onEnd, requireNode, root, stopRunning } from './workspace.mjs'

requireNode()
const quick = process.argv.includes('--quick')
const unknown = process.argv.slice(2).find((argument) => argument !== '--quick')
if (unknown !== undefined) {
  console.error(`npm test does not know ${unknown}; it knows --quick.`)
  process.exit(2)
}
onEnd(() => {
  stopRunning()
  process.exit(130)
})

const begun = Date.now()
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`
const total = { passed: 0, failed: 0 }
const lines = []
const left = []

async function runStage(stage) {
  console.log(`\n── ${stage.name} ${'─'.repeat(Math.max(3, 70 - stage.name.length))}`)
  const started = Date.now()
  if (!exists(stage)) {
    left.push(`stage ${stage.name}: package.json has no script "${stage.script}"`)
    console.log(`left out: package.json has no script "${stage.script}"`)
    return true
  }
  if (stage.report !== undefined) rmSync(join(root, stage.report), { force: true })
  const passed = await stage.command()
  const tests = stage.report === undefined ? undefined : readReport(stage.report)
  if (tests === undefined) total[passed ? 'passed' : 'failed']++
  else {
    total.passed += tests.passed
    // A runner that fails without a failed test (a crash, a bad configuration) is a failure all the same.
    total.failed += passed ? tests.failed : Math.max(1, tests.failed)
    left.push(...tests.left.map((title) => `${stage.name}: ${title}`))
  }
  const detail =
    tests === undefined
      ? ''
      : `  ${tests.passed} passed, ${tests.failed} failed${tests.left.length > 0 ? `, ${tests.left.length} not run` : ''}`
  lines.push(`${passed ? '✓' : '✗'} ${stage.name.padEnd(12)} ${seconds(started).padStart(8)}${detail}`)
  console.log(lines.at(-1))
  return passed
}

async function prepare() {
  if (!(await install())) return 'install'
  if (quick) return undefined
  const started = Date.now()
  const chromium = await provideChromium()
  if (chromium === undefined) return 'browser'
  process.env.HOPMESH_CHROMIUM = chromium
  console.log(`Browser: ${chromium} (found in ${seconds(started)})`)
  return undefined
}

async function main() {
  mkdirSync(join(root, 'reports'), { recursive: true })
  let broken
  try {
    broken = await prepare()
  } catch (error) {
    console.error(error.message)
    broken = 'browser'
  }
  if (broken !== undefined) total.failed++
  for (const stage of stages) {
    if (broken !== undefined) break
    if (quick && !stage.quick) continue
    if (!(await runStage(stage))) broken = stage.name
  }

  console.log(`\n── summary ${'─'.repeat(63)}`)
  for (const line of lines) console.log(line)
  for (const line of left) console.log(`– could not run here: ${line}`)
  if (broken !== undefined) console.log(`Stopped: ${broken} failed.`)
  console.log(`Could not run here: ${left.length}. Total time: ${seconds(begun)}.`)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exitCode = broken === undefined && total.failed === 0 ? 0 : 1
}

await main()
