import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { harmlessName } from '../../src/received-files.ts'
import { Program, commandLine } from '../processes.ts'

const programs: Program[] = []
let folder = ''
let inbox = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-'))
  inbox = join(folder, 'inbox')
})
afterEach(async () => {
  for (const program of programs) program.kill()
  await Promise.all(programs.splice(0).map((program) => program.exited))
  rmSync(folder, { recursive: true })
})

function hopmesh(...args: string[]): Program {
  const program = new Program(commandLine, args)
  programs.push(program)
  return program
}

async function relay(): Promise<string> {
  const [line = ''] = await hopmesh('relay', '--port', '0', '--json').printed(/^.*\n/)
  return (JSON.parse(line) as { ws: string }).ws
}

function file(name: string, bytes: number): string {
  const content = Buffer.alloc(bytes)
  for (let at = 0; at < bytes; at += 8) content.writeUInt32LE((at * 2_654_435_761) % 0x1_0000_0000, Math.min(at, Math.max(0, bytes - 4)))
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

describe('hopmesh send and hopmesh join --receive', () => {
  it('PN-14 a file arrives whole under its name, a second one of that name beside it', async () => {
    const ws = await relay()
    const bob = hopmesh('join', ws, '--name', 'bob', '--receive', inbox)
    await bob.printed(/online/)
    const path = file('hill of june.bin', 3_000_000)
    const sent = hopmesh('send', ws, 'bob', path)
    expect([await sent.exited, sent.stderr]).toEqual([0, expect.stringMatching(/hill of june\.bin: 100 %\n$/)])
    expect(sent.stdout).toMatch(/^sent hill of june\.bin, 3000000 bytes, to k\w{26}\.\w{4} in /)
    await bob.printed(/received .*hill of june\.bin, 3000000 bytes, from k/)
    const again = hopmesh('send', ws, 'bob', path, '--json')
    expect(await again.exited).toBe(0)
    expect(JSON.parse(again.stdout)).toMatchObject({ sent: 'hill of june.bin', bytes: 3_000_000 })
    expect(readdirSync(inbox).toSorted()).toEqual(['hill of june (2).bin', 'hill of june.bin'])
    for (const name of readdirSync(inbox)) expect(digest(join(inbox, name))).toBe(digest(path))
  })

  it('PN-14 goes on where it stopped when the receiver is killed and begins anew', async () => {
    const ws = await relay()
    const receive = ['join', ws, '--name', 'bob', '--receive', inbox, '--identity', join(folder, 'bob.id')]
    const bob = hopmesh(...receive)
    await bob.printed(/online/)
    const path = file('large.bin', 120_000_000)
    const sent = hopmesh('send', ws, 'bob', path)
    const part = await untilPart(5_000_000)
    bob.kill('SIGKILL')
    await bob.exited
    const there = statSync(part).size
    expect(there).toBeLessThan(120_000_000)
    const again = hopmesh(...receive)
    await again.printed(/online/)
    await again.printed(/received .*large\.bin/, 120_000)
    expect(await sent.exited).toBe(0)
    expect(digest(join(inbox, 'large.bin'))).toBe(digest(path))
    expect(readdirSync(inbox)).toEqual(['large.bin'])
    expect(there).toBeGreaterThan(5_000_000)
  }, 240_000)

  it('what goes wrong is one line with a code', async () => {
    const ws = await relay()
    const bob = hopmesh('join', ws, '--name', 'bob')
    await bob.printed(/online/)
    const path = file('small.bin', 10)
    const unknown = hopmesh('send', ws, 'nobody', path)
    const unready = hopmesh('send', ws, 'bob', path)
    const missing = hopmesh('send', ws, 'bob', join(folder, 'not-there'))
    expect([await unknown.exited, unknown.stderr]).toEqual([1, expect.stringMatching(/^hopmesh: UNKNOWN_NAME .*\n$/)])
    expect([await unready.exited, unready.stderr]).toEqual([1, expect.stringMatching(/^hopmesh: NO_HANDLER .*\n$/)])
    expect([await missing.exited, missing.stderr]).toEqual([2, expect.stringMatching(/^hopmesh: INVALID_OPTION .*not-there.*\n$/)])
  })

  async function untilPart(bytes: number): Promise<string> {
    for (let turn = 0; turn < 2_000; turn += 1) {
      const part = readdirSync(inbox).find((name) => name.endsWith('.part'))
      if (part !== undefined && statSync(join(inbox, part)).size > bytes) return join(inbox, part)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    throw new Error('nothing came')
  }
})

describe('the name that a stranger gives to a file', () => {
  it.each([
    ['hill.jpg', 'hill.jpg'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\evil.dll', 'evil.dll'],
    ['.bashrc', 'bashrc'],
    ['..', 'file'],
    ['', 'file'],
    ['a\u0000b\n\u001b[31mc', 'a_b__[31mc'],
    ['evil\u202Etxt.exe', 'evil_txt.exe'],
    ['con:stream', 'con_stream'],
    ['ü'.repeat(300), 'ü'.repeat(100)],
  ])('%j is written as %j', (given, written) => {
    expect(harmlessName(given)).toBe(written)
  })
})
