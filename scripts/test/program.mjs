// Runs the programs that the documents show, as their readers would: Node.js processes against a relay process.
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const relayScript = 'packages/server/dist/cli/main.js'
/** For a machine that has much else to do: what is well takes a second. */
const waitMs = 60_000

/** A running program whose output can be awaited. */
export class Program {
  stdout = ''
  stderr = ''
  code

  constructor(file, args = []) {
    this.name = [file, ...args].join(' ')
    this.child = spawn(process.execPath, [file, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stdout.on('data', (chunk) => (this.stdout += chunk))
    this.child.stderr.on('data', (chunk) => (this.stderr += chunk))
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        this.code = code ?? signal
        resolve(this.code)
      })
    })
  }

  /** Resolves once the output matches; rejects, with the output, when it does not in time or the program ends before. */
  async says(pattern, stream = 'stdout') {
    const end = Date.now() + waitMs
    for (;;) {
      const found = pattern.exec(this[stream])
      if (found !== null) return found
      if (Date.now() > end || this.code !== undefined) {
        throw new Error(`${this.name} (${this.code ?? 'running'}) did not say ${pattern}:\n${this.stdout}\n${this.stderr}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** The exit code of a program that ends by itself; rejects when it hangs. */
  async ends() {
    let timer
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.name} did not end:\n${this.stdout}\n${this.stderr}`)), waitMs)
    })
    try {
      return await Promise.race([this.ended, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async stop(signal = 'SIGTERM') {
    if (this.code === undefined) this.child.kill(signal)
    return this.ends()
  }
}

/** A relay process at a free port: { url, tcp, program }. */
export async function startRelay(...args) {
  const program = new Program(relayScript, ['relay', '--port', '0', '--json', ...args])
  const [line] = await program.says(/^\{"ready":true.*\}$/m)
  const { ws, tcp } = JSON.parse(line)
  return { url: ws, tcp, program }
}
