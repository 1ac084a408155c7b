// The stages of `npm test`, in their order. A stage is done by commands of ours, or by a script of package.json.
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { simulator } from './simulator-stage.mjs'
import { npmRun, root, run, tool } from './workspace.mjs'

const node = process.execPath

function scripts() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts ?? {}
}

async function types() {
  const tsc = tool('typescript', 'tsc')
  const builds = [
    ['-b'],
    ...['packages', 'demo', 'e2e'].filter((folder) => existsSync(join(root, folder, 'tsconfig.json'))).map((folder) => ['-p', folder]),
  ]
  for (const args of builds) {
    const { code } = await run(node, [tsc, ...args])
    if (code !== 0) return false
  }
  return true
}

async function units() {
  // Many of them wait for processes and sockets: one worker less than there are processors, as is the default, is half a
  // small machine asleep.
  const workers = `--maxWorkers=${Math.max(2, availableParallelism())}`
  const reporters = ['--reporter=default', '--reporter=json', '--outputFile.json=reports/units.json']
  return (await run(node, [tool('vitest', 'vitest'), 'run', workers, ...reporters])).code === 0
}

async function endToEnd() {
  const playwright = tool('@playwright/test', 'playwright', join(root, 'e2e'))
  return (await run(node, [playwright, 'test'], { cwd: join(root, 'e2e') })).code === 0
}

const byScript = (name) => async () => (await npmRun(name)).code === 0

/** `script`: the package.json script that the stage needs. `report`: where its tests are written down. */
export const stages = [
  { name: 'types', quick: true, command: types },
  { name: 'lint', quick: true, script: 'lint', command: byScript('lint') },
  { name: 'units', quick: true, report: 'reports/units.json', command: units },
  { name: 'simulator', quick: true, command: simulator },
  { name: 'end-to-end', quick: false, browser: true, report: 'reports/e2e.json', command: endToEnd },
  { name: 'rows', quick: false, script: 'rows', command: byScript('rows') },
]

/** Whether the stage is there to be run. */
export function exists(stage) {
  return stage.script === undefined || scripts()[stage.script] !== undefined
}
