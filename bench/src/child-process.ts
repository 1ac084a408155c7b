import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** What a server says when it accepts connections. */
export interface Ready {
  readonly ws?: string
  readonly tcp?: string
}

/** A server under test: a Node.js process that prints one line of JSON when it is ready. */
export class ServerProcess {
  readonly ready: Ready
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, ready: Ready) {
    this.#child = child
    this.ready = ready
  }

  static async start(script: string, args: readonly string[] = []): Promise<ServerProcess> {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let trouble = ''
    child.stderr.on('data', (chunk: Buffer) => (trouble = (trouble + chunk.toString()).slice(-2_000)))
    const line = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve)
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${trouble}`)))
    })
    return new ServerProcess(child, JSON.parse(line) as Ready)
  }

  /** Of all its threads so far; undefined where the system does not tell (it is Linux that does). */
  cpuSeconds(): number | undefined {
    try {
      const tasks = `/proc/${this.#child.pid}/task`
      const nanoseconds = readdirSync(tasks).map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
      return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9
    } catch {
      return undefined
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}
