import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'

/** What a server says when it accepts connections. */
export interface Ready {
  readonly ws?: string
  readonly tcp?: string
}

/** A server under test: a Node.js process that prints one line of JSON when it is ready. */
export class ServerProcess {
  readonly ready: Ready
  readonly #child: ChildProcess
  readonly #lines: Interface

  private constructor(child: ChildProcess, lines: Interface, ready: Ready) {
    this.#child = child
    this.#lines = lines
    this.ready = ready
  }

  /** `flags` are those of Node.js. */
  static async start(script: string, args: readonly string[] = [], flags: readonly string[] = []): Promise<ServerProcess> {
    const child = spawn(process.execPath, [...flags, script, ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
    let trouble = ''
    child.stderr.on('data', (chunk: Buffer) => (trouble = (trouble + chunk.toString()).slice(-2_000)))
    const lines = createInterface({ input: child.stdout })
    const line = await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve)
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code}: ${trouble}`)))
    })
    return new ServerProcess(child, lines, JSON.parse(line) as Ready)
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Says one line and gives the one that is said next; one question at a time. */
  ask(question: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`it ended with ${code}`))
      this.#child.once('exit', ended)
      this.#lines.once('line', (line) => {
        this.#child.off('exit', ended)
        resolve(line)
      })
      this.#child.stdin?.write(`${question}\n`)
    })
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
