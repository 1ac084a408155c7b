// Coverage-guided fuzzing of everything that reads what somebody else wrote.
//
//   fuzz                       every target for 30 s
//   fuzz packet json           these
//   fuzz --seconds 2 --seed 7  shorter, with other dice
//   fuzz --runs 5000           so many inputs, however long they take
//
// Nothing may throw past its room, take longer than 5 s of a processor, or make arrays beyond its bound. What does is told with its bytes, which go
// into found.json under a name of their own: from then on each run, and each `npm test`, begins with them.

import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { loadBuilt } from './built.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string' },
    runs: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: '1' },
    patience: { type: 'string', default: '5' },
    targets: { type: 'string' },
  },
})
const runsMax = Number(values.runs)
const seconds = Number(values.seconds ?? (runsMax === Infinity ? 30 : Infinity))
const seed = Number(values.seed)
if (!(seconds > 0 && runsMax > 0) || !Number.isSafeInteger(seed)) usage('--seconds and --runs are numbers above 0, --seed a whole number')
const inputBytesMax = 65_536
/** One input takes milliseconds; one that keeps a processor busy for this long hangs … */
const hangMs = Number(values.patience) * 1_000
/** … and one that waits for this long, whatever it waits for. */
const stuckMs = 20 * hangMs
const targetsUrl = new URL(values.targets ?? './targets.mjs', values.targets ? `file://${process.cwd()}/` : import.meta.url).href
const { targetsFrom } = await import(targetsUrl)
const targets = await targetsFrom(loadBuilt)
const names = targets.map(({ name }) => name)
const unknown = positionals.find((name) => !names.includes(name))
if (unknown !== undefined) usage(`there is no target '${unknown}'; there are ${names.join(', ')}`)
const found = JSON.parse(readFileSync(new URL('found.json', import.meta.url), 'utf8'))

let failures = 0
for (const name of positionals.length > 0 ? positionals : names) {
  const { runs, functions, corpus, took, problems } = await fuzz(name)
  failures += problems.length
  const rate = Math.round(runs / (took / 1_000))
    .toLocaleString('en')
    .replaceAll(',', ' ')
  console.log(
    `${name.padEnd(16)} ${String(runs).padStart(9)} runs, ${rate} a second, ${functions} functions, ${corpus} inputs kept${problems.length > 0 ? `, ${problems.length} FOUND` : ''}`,
  )
  for (const { kind, detail, input } of problems) console.error(`  ${kind}: ${detail}\n  input ${input === '' ? '(empty)' : input}`)
}
process.exitCode = failures === 0 ? 0 : 1

function fuzz(name) {
  const shared = new SharedArrayBuffer(8 + inputBytesMax)
  const beat = new Int32Array(shared, 0, 2)
  const worker = new Worker(new URL('worker.mjs', import.meta.url), {
    workerData: {
      target: name,
      counted: targets.find((one) => one.name === name).uncounted !== true,
      targetsUrl,
      loader: new URL('built.mjs', import.meta.url).href,
      seed,
      milliseconds: seconds * 1_000,
      runsMax,
      shared,
      found: Object.values(found[name] ?? {}),
    },
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  })
  const problems = new Map()
  let last = { runs: 0, functions: 0, corpus: 0, took: Infinity }
  return new Promise((resolve) => {
    const underWay = () => Buffer.from(new Uint8Array(shared, 8, beat[1])).toString('hex')
    const end = () => {
      clearInterval(watch)
      void worker.terminate()
      resolve({ ...last, problems: [...problems.values()] })
    }
    // The same mistake is met by many inputs: the shortest tells.
    const keep = (problem) => {
      const key = `${problem.kind} ${problem.detail.split('\n').slice(0, 2).join(' ').replaceAll(/\d+/g, '#')}`
      const known = problems.get(key)
      if (known === undefined || known.input.length > problem.input.length) problems.set(key, problem)
    }
    let beats = -1
    let since = performance.now()
    let spent = process.cpuUsage()
    const watch = setInterval(() => {
      const now = Atomics.load(beat, 0)
      if (now !== beats || now === 0) {
        beats = now
        since = performance.now()
        spent = process.cpuUsage()
        return
      }
      // This thread only watches: what the process works, the input does. A machine that is busy with other things hangs nobody.
      const busyMs = process.cpuUsage(spent).user / 1_000
      if (busyMs < hangMs && performance.now() - since < stuckMs) return
      keep({ kind: 'hang', detail: `more than ${hangMs / 1_000} s`, input: underWay() })
      end()
    }, 250)
    worker.on('message', (message) => {
      if (message.kind === 'done') {
        last = message
        end()
      } else keep(message)
    })
    worker.on('error', (error) => {
      keep({
        kind: error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'allocation' : 'throw',
        detail: error.stack ?? String(error),
        input: underWay(),
      })
      end()
    })
  })
}

function usage(why) {
  console.error(`fuzz: ${why}`)
  process.exit(2)
}
