import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { relayScript } from './folders.ts'

interface Ready {
  readonly ws: string
  readonly tcp?: string
}

const startTimeoutMs = 60_000

/** A relay as people run it: a process of its own, started by the command line. */
export class RelayProcess {
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #ready: Ready = { ws: '' }

  constructor(args: readonly string[] = []) {
    this.#args = args
  }

  /** `ws://127.0.0.1:port`, the same after a restart. */
  get url(): string {
    return this.#ready.ws.replace('0.0.0.0', '127.0.0.1')
  }

  get tcpPort(): number {
    return portOf(this.#ready.tcp ?? '')
  }

  /** Starts it; after `kill`, at the ports that it had before. */
  async start(): Promise<this> {
    const ports = this.url === '' ? ['--port', '0', '--tcp', '0'] : ['--port', String(portOf(this.url)), '--tcp', String(this.tcpPort)]
    const child = spawn(process.execPath, [relayScript, 'relay', ...ports, '--aln', '--json', ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    let trouble = ''
    child.stderr?.on('data', (chunk: Buffer) => (trouble += chunk.toString()))
    this.#ready = await new Promise<Ready>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The relay did not start in time. ${trouble}`)), startTimeoutMs)
      child.once('exit', (code) => reject(new Error(`The relay ended with ${code}. ${trouble}`)))
      createInterface({ input: child.stdout }).once('line', (line) => {
        clearTimeout(timer)
        resolve(JSON.parse(line) as Ready)
      })
    })
    return this
  }

  /** Ends it at once, as a power cut would. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1).replace('/', ''))
}
