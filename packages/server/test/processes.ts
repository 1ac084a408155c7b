// Programs as processes of their own, with what they print.

import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const commandLine: string = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
export const seedFolder: string = fileURLToPath(new URL('../../../e2e/seeds', import.meta.url))

export class Program {
  readonly #child: ChildProcess
  readonly exited: Promise<number | string>
  stdout = ''
  stderr = ''
  #watchers: (() => void)[] = []

  constructor(
    script: string,
    args: readonly string[] = [],
    options: { nodeArgs?: readonly string[]; env?: Record<string, string>; input?: string } = {},
  ) {
    this.#child = spawn(process.execPath, [...(options.nodeArgs ?? []), script, ...args], {
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    })
    this.#child.stdin?.end(options.input)
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString()
      for (const watch of this.#watchers) watch()
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()))
    this.exited = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve(code ?? signal ?? 'gone')))
  }

  /** The match of what it has printed, as soon as there is one. */
  async printed(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why}: ${String(pattern)} not in\n${this.stdout}\n${this.stderr}`))
      const timer = setTimeout(() => fail(`not within ${withinMs} ms`), withinMs)
      const look = (): void => {
        const match = pattern.exec(this.stdout)
        if (match === null) return
        clearTimeout(timer)
        this.#watchers = this.#watchers.filter((one) => one !== look)
        resolve(match)
      }
      this.#watchers.push(look)
      void this.exited.then((code) => fail(`ended with ${code}`))
      look()
    })
  }

  kill(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGKILL'): void {
    this.#child.kill(signal)
  }
}
