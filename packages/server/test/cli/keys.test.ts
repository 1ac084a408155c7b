// Keys and tokens as an operator has them: files made and read by processes of their own.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readNetworkKeys, readOperatorKeys, readPinnedKeys, writeKeyFile } from '../../src/key-file.ts'
import { Program, commandLine } from '../processes.ts'

let folder: string
const programs: Program[] = []
const path = (name: string): string => join(folder, name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-keys-'))
})
afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill()
    await program.exited
  }
  rmSync(folder, { recursive: true, force: true })
})

function start(...args: string[]): Program {
  const program = new Program(commandLine, args)
  programs.push(program)
  return program
}

/** Its output, once it has ended well. */
async function run(...args: string[]): Promise<string> {
  const program = start(...args)
  expect(await program.exited, program.stderr).toBe(0)
  return program.stdout.trim()
}

async function failure(...args: string[]): Promise<{ code: unknown; text: string }> {
  const program = start(...args)
  return { code: await program.exited, text: program.stderr }
}

describe('key files', () => {
  it('hopmesh key FILE writes one that nobody else can read, and never over another', async () => {
    await run('key', path('garden.key'))
    expect(statSync(path('garden.key')).mode & 0o777).toBe(0o600)
    const text = readFileSync(path('garden.key'), 'utf8')
    expect(text).toMatch(/^hmk-[a-z2-7]{56}\n$/)
    const { code, text: said } = await failure('key', path('garden.key'))
    expect([code, said]).toEqual([2, expect.stringMatching(/KEY_FILE .*is there already/)])
    expect(readFileSync(path('garden.key'), 'utf8')).toBe(text)
  })

  it('hopmesh key prints another key each time, and --public what a relay needs, each network its own', async () => {
    const [one, two] = await Promise.all([run('key'), run('key')])
    expect(one).toMatch(/^hmk-/)
    expect(one).not.toBe(two)
    writeKeyFile(path('k'), `${one}\n# the last one\n${two}`)
    const garden = await run('key', '--public', '--network', 'garden', path('k'))
    expect(garden).toMatch(/^hmp-[a-z2-7]{56}\nhmp-[a-z2-7]{56}$/)
    expect(await run('key', '--public', path('k'))).not.toBe(garden)
    expect((await failure('key', '--public')).code).toBe(2)
  })

  it.each([
    ['empty', '\n# nothing\n', 0o600, /is empty/],
    ['damaged', `hmk-${'a'.repeat(56)}\n`, 0o600, /damaged in line 1/],
    ['readable by others', 'a passphrase that is long enough\n', 0o644, /mode 0644/],
    ['enormous', 'x'.repeat(20_000), 0o600, /20000 bytes/],
  ])('SE11 one that is %s is KEY_FILE', (_what, text, mode, why) => {
    writeFileSync(path('k'), text)
    chmodSync(path('k'), mode)
    expect(() => readNetworkKeys(path('k'))).toThrow(
      expect.objectContaining({ code: 'KEY_FILE', message: expect.stringMatching(why) as string }),
    )
  })

  it('one that is not there, or of the wrong sort, is KEY_FILE and never quoted', async () => {
    const keyError = (message: RegExp): unknown =>
      expect.objectContaining({ code: 'KEY_FILE', message: expect.stringMatching(message) as string })
    expect(() => readNetworkKeys(path('nowhere'))).toThrow(keyError(/is not there/))
    await run('key', path('k'))
    const admission = await run('key', '--public', path('k'))
    const operator = await run('token', '--operator', path('op'), '--public')
    writeFileSync(path('pinned'), admission)
    writeFileSync(path('operators'), operator)
    expect(readPinnedKeys(path('pinned'))).toEqual([admission])
    expect(readOperatorKeys(path('operators'))).toEqual([operator])
    expect(() => readNetworkKeys(path('pinned'))).toThrow(keyError(/admission public key.*members need/))
    expect(() => readPinnedKeys(path('operators'))).toThrow(keyError(/operator/))
    expect(() => readOperatorKeys(path('k'))).toThrow(keyError(/holds a network key: a relay needs/))
    expect(() => readOperatorKeys(path('k'))).not.toThrow(
      expect.objectContaining({ message: expect.stringContaining(readFileSync(path('k'), 'utf8').slice(4, 30)) as string }),
    )
  })
})

describe('a relay and members with key files', () => {
  it('PY-05 PY-06 those with the key meet, the others hear why, in one line and with exit code 1', async () => {
    await Promise.all([run('key', path('k')), run('key', path('wrong'))])
    writeFileSync(path('pinned'), await run('key', '--public', '--network', 'garden', path('k')))
    const relay = start('relay', '--port', '0', '--json', '--network', `garden=${path('pinned')}`)
    const [, url = ''] = await relay.printed(/"ws":"([^"]+)"/)
    const ada = start('join', url, '--network', 'garden', '--key', path('k'), '--name', 'ada', '--serve', 'ping')
    await ada.printed(/online/)
    expect(await run('call', url, 'ping', 'x', '--network', 'garden', '--key', path('k'))).toBe('pong x')
    for (const args of [['--key', path('wrong')], []]) {
      const { code, text } = await failure('peers', url, '--network', 'garden', ...args)
      expect([code, text]).toEqual([1, expect.stringMatching(/^hopmesh: NETWORK_KEY_MISMATCH .*\n$/)])
    }
    const { code, text } = await failure('peers', url, '--key', path('nowhere'))
    expect([code, text]).toEqual([2, expect.stringMatching(/--key.*nowhere/)])
  })

  it('SE8 a relay does not take the network key itself, unless plain nodes shall come in', async () => {
    await run('key', path('k'))
    const { code, text } = await failure('relay', '--port', '0', '--network', `garden=${path('k')}`)
    expect([code, text]).toEqual([2, expect.stringMatching(/hopmesh key --public/)])
    const relay = start('relay', '--port', '0', '--tcp', '0', '--aln-insecure', '--network', `garden=${path('k')}`)
    await relay.printed(/ready/)
  })

  it('SE18 hopmesh token opens a relay that asks for one', async () => {
    writeFileSync(path('operators'), await run('token', '--operator', path('op'), '--public'))
    expect(statSync(path('op')).mode & 0o777).toBe(0o600)
    const relay = start('relay', '--port', '0', '--json', '--operator', path('operators'))
    const [, url = ''] = await relay.printed(/"ws":"([^"]+)"/)
    expect((await failure('peers', url, '--identity', path('me'))).text).toMatch(/TOKEN_REQUIRED/)
    const member = JSON.parse(readFileSync(path('me'), 'utf8')) as { seed: string }
    expect(member.seed).toHaveLength(43)
    const who = await whoOfFile(path('me'))
    const token = async (...args: string[]): Promise<void> =>
      writeFileSync(path('token'), await run('token', '--operator', path('op'), '--who', who, ...args))
    await token('--ttl', '10m')
    await run('peers', url, '--identity', path('me'), '--token', path('token'))
    await token('--network', 'orchard')
    expect((await failure('peers', url, '--identity', path('me'), '--token', path('token'))).text).toMatch(/TOKEN_REFUSED/)
    expect((await failure('token', '--operator', path('op'))).text).toMatch(/--who/)
    expect((await failure('token', '--operator', path('op'), '--who', 'ada')).text).toMatch(/--who.*ada/)
    expect((await failure('token', '--operator', path('op'), '--who', who, '--ttl', '0')).text).toMatch(/--ttl/)
  })
})

async function whoOfFile(file: string): Promise<string> {
  const [{ loadIdentityFile }, { nodeCrypto }, { whoOf }] = await Promise.all([
    import('../../src/identity-file.ts'),
    import('../../src/node-crypto.ts'),
    import('@hopmesh/core'),
  ])
  return whoOf(loadIdentityFile(file).keyPair.publicKey, nodeCrypto())
}
