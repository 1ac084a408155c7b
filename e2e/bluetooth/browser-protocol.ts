import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from '@playwright/test'
import { WebSocket } from 'ws'

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/**
 * A line of our own to a browser's DevTools protocol. An emulated device does thousands of commands a second: through the
 * test runner each of them is a step of the report, and each costs more than the one before.
 */
export class BrowserProtocol {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  readonly #listeners = new Map<string, (params: never) => void>()
  #lastId = 0
  #closed = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#received(JSON.parse((data as Buffer).toString()) as Answer))
    socket.on('close', () => this.#gone())
  }

  /** The browser must have been started with `--remote-debugging-port=0`. */
  static async connect(browser: Browser): Promise<BrowserProtocol> {
    const session = await browser.newBrowserCDPSession()
    const { commandLine } = await session.send('SystemInfo.getInfo')
    await session.detach()
    const folder = /--user-data-dir=(.+?)(?= --|$)/.exec(commandLine)?.[1]
    if (folder === undefined) throw new Error(`No profile folder in ${commandLine}`)
    const [port, path] = (await readFile(join(folder, 'DevToolsActivePort'), 'utf8')).split('\n')
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return new BrowserProtocol(socket)
  }

  /** One listener for each event; it knows the shape of its parameters. */
  on(event: string, listener: (params: never) => void): void {
    this.#listeners.set(event, listener)
  }

  /** Rejects with what the browser says, or because it is gone. Says nothing after `close`. */
  send<T = unknown>(method: string, params: object = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return
      const id = (this.#lastId += 1)
      this.#waiting.set(id, { resolve: (result) => resolve(result as T), reject })
      this.#socket.send(JSON.stringify({ id, method, params }), (error) => {
        if (error && this.#waiting.delete(id)) reject(error)
      })
    })
  }

  close(): void {
    this.#closed = true
    this.#socket.close()
  }

  #received({ id, method, params, result, error }: Answer): void {
    if (id === undefined) {
      this.#listeners.get(method ?? '')?.(params as never)
      return
    }
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(error.message))
  }

  #gone(): void {
    if (this.#closed) return
    for (const { reject } of this.#waiting.values()) reject(new Error('the browser was closed'))
    this.#waiting.clear()
  }
}
