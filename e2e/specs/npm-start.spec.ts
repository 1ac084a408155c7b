import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { rootFolder } from '../support/folders.ts'
import { runCommand } from '../support/run-command.ts'
import { expect, test } from '../support/test.ts'

// The usual ports belong to the whole machine, so these run one after another.
test.describe.configure({ mode: 'serial' })

const script = join(rootFolder, 'scripts', 'start.mjs')

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  readonly page: string
}

async function start(command: string = process.execPath, args: readonly string[] = [script]): Promise<Started> {
  const child = spawn(command, args, { cwd: rootFolder, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await expect.poll(() => output, { message: 'npm start is ready', timeout: 180_000 }).toMatch(/Ctrl-C ends it/)
  return { child, output: () => output, page: /Open\s+(http:\S+)/.exec(output)?.[1] ?? '' }
}

async function stop({ child }: Started, signal: 'SIGINT' | 'SIGTERM'): Promise<number | null> {
  child.kill(signal)
  await once(child, 'exit')
  return child.exitCode
}

/** Holds a port, or leaves it with whoever has it. */
async function hold(port: number): Promise<Server> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.once('error', () => resolve())
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

/** What the page's server answers to a name that a stranger pointed at this machine. */
function statusFor(page: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(page, { headers: { host } }, (response) => resolve(response.resume().statusCode)).once('error', reject)
  })
}

/** The same for a WebSocket to the relay behind it, from a page under that name. */
function upgradeFor(page: string, host: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(new URL('relay', page.replace('http', 'ws')), ['hopmesh.1'], {
      headers: { host },
      origin: `http://${host}`,
    })
    socket.once('upgrade', (response) => {
      resolve(response.statusCode)
      socket.terminate()
    })
    socket.once('unexpected-response', (_request, response) => resolve(response.resume().statusCode))
    socket.on('error', () => resolve(undefined))
  })
}

test('npm start serves a page that reaches its relay through its own origin, and Ctrl-C ends it', async ({ pages, browser }) => {
  const started = await start()
  const context = await browser.newContext()
  try {
    const tabs = await Promise.all([context.newPage(), context.newPage()])
    for (const tab of tabs) {
      pages.watch(tab)
      await tab.goto(started.page)
      await expect(tab.getByTestId('state')).toHaveText('online')
    }
    for (const tab of tabs) await expect(tab.locator('[data-testid=member][data-kind=member]')).toHaveCount(1)
    expect(await statusFor(started.page, 'evil.example')).toBe(403)
    expect(await upgradeFor(started.page, 'evil.example')).toBe(403)
    expect(await upgradeFor(started.page, new URL(started.page).host)).toBe(101)
  } finally {
    await context.close()
    expect(await stop(started, 'SIGINT')).toBe(0)
  }
})

test('with all its ports taken npm start moves on, says so, and is reachable from the network with --host', async ({ pages, browser }) => {
  const held = await Promise.all([5173, 8080, 8081].map(hold))
  const started = await start(process.execPath, [script, '--host'])
  const page = await browser.newPage()
  try {
    for (const port of [5173, 8080, 8081]) expect(started.output()).toContain(`Port ${port} is taken`)
    expect(started.output()).toMatch(/Network\s+(http:\/\/\d+\.\d+\.\d+\.\d+:\d+|\(this machine has no address)/)
    const address = /Network\s+(http:\S+)/.exec(started.output())?.[1] ?? started.page
    pages.watch(page)
    await page.goto(address)
    await expect(page.getByTestId('state')).toHaveText('online')
  } finally {
    await page.close()
    expect(await stop(started, 'SIGTERM')).toBe(0)
    for (const server of held) server.close()
  }
})

test('when npm itself is terminated nothing stays behind', async () => {
  const started = await start('npm', ['start'])
  expect((await fetch(started.page)).ok).toBe(true)
  await stop(started, 'SIGTERM')
  await expect
    .poll(() =>
      fetch(started.page).then(
        () => 'served',
        () => 'gone',
      ),
    )
    .toBe('gone')
})

test('a wrong flag is one line, and exit code 2', async () => {
  const failed = await runCommand(process.execPath, [script, '--hots'], rootFolder).catch((error: Error) => error.message)
  expect(failed).toMatch(/npm start does not know --hots; it knows --host and --help\.\n$/)
  const child = spawn(process.execPath, [script, '--hots'], { stdio: 'ignore' })
  await once(child, 'exit')
  expect(child.exitCode).toBe(2)
})
