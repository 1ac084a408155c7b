import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runCommandLine } from '../../src/cli/command-line.ts'
import { listValue, networkValue, portValue } from '../../src/cli/flag-values.ts'
import { settingsOf } from '../../src/cli/settings.ts'

let stderr = ''
let folder = ''
beforeEach(() => {
  stderr = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text)
    return true
  })
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

describe('a wrong flag or value: exit 2 and one line that names it', () => {
  it.each([
    [['relay', '--prot', '1'], /--prot.*--port/],
    [['relay', '--port', 'http'], /--port.*http/],
    [['relay', '--port', '65536'], /--port.*65536/],
    [['relay', '--tcp', '-1'], /--tcp/],
    [['relay', '--network', 'a/b'], /--network.*a\/b/],
    [['relay', '--network', 'garden=key.file'], /--network.*garden=key\.file/],
    [['relay', '--network', 'x'.repeat(65)], /--network/],
    [['relay', '--origin', 'nonsense'], /--origin.*nonsense/],
    [['relay', '--config', '/nowhere/relay.json'], /--config.*\/nowhere\/relay\.json/],
    [['relay', '--operator', '/nowhere/operators'], /--operator.*\/nowhere\/operators/],
    [['relay', 'surplus'], /too many arguments|unexpected/i],
    [['join', 'ws://127.0.0.1:1', '--serve', 'pong'], /--serve.*pong/],
    [['join'], /url/],
    [['join', 'ws://127.0.0.1:1', '--name', 'x'.repeat(65)], /name/],
    [['peers', 'http://127.0.0.1:1'], /http:\/\/127\.0\.0\.1:1/],
    [['peers', '127.0.0.1:8080'], /127\.0\.0\.1:8080/],
    [['peers', 'ws://127.0.0.1:99999'], /99999/],
    [['ping', 'ws://127.0.0.1:1'], /target/],
    [['relai'], /relai.*relay/],
    [['unheard-of', 'ws://127.0.0.1:1', 'x'], /unheard-of/],
  ])('%j', async (argv, named) => {
    expect(await runCommandLine(['node', 'hopmesh', ...argv])).toBe(2)
    expect(stderr).toMatch(named)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it.each([
    ['HOPMESH_PORT', 'eighty', /HOPMESH_PORT.*eighty/],
    ['HOPMESH_ALN', 'perhaps', /HOPMESH_ALN.*perhaps/],
    ['HOPMESH_NETWORK', 'a,b/c', /HOPMESH_NETWORK.*b\/c/],
  ])('%s=%s', async (name, value, named) => {
    vi.stubEnv(name, value)
    expect(await runCommandLine(['node', 'hopmesh', 'relay'])).toBe(2)
    expect(stderr).toMatch(named)
  })

  it.each([
    ['{"prot": 1}', /prot/],
    ['{"port": "x"}', /port.*x/],
    ['{"port": {}}', /port/],
    ['{"aln": 3}', /aln/],
    ['[]', /not a JSON object/],
    ['{', /JSON/],
  ])('config file %s', async (text, named) => {
    const file = join(folder, 'relay.json')
    writeFileSync(file, text)
    expect(await runCommandLine(['node', 'hopmesh', 'relay', '--config', file])).toBe(2)
    expect(stderr).toMatch(named)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  it('an unreachable relay: exit 1, one line', async () => {
    expect(await runCommandLine(['node', 'hopmesh', 'ping', 'ws://127.0.0.1:1', 'ping'])).toBe(1)
    expect(stderr).toMatch(/^hopmesh: RELAY_UNREACHABLE ws:\/\/127\.0\.0\.1:1.*nobody listens/)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('flags, environment and file mean the same', () => {
  function parse(argv: readonly string[]): Readonly<Record<string, unknown>> {
    const command = new Command('x')
      .exitOverride()
      .option('--host <h>', '', 'localhost')
      .addOption(new Option('--port <p>').argParser(portValue).default(8080))
      .addOption(new Option('--network <n>').argParser(listValue(networkValue)))
      .option('--aln')
      .option('--config <f>')
    command.parse([...argv], { from: 'user' })
    return settingsOf(command)
  }

  it('flags win, then the environment, then the file, then the default', () => {
    const file = join(folder, 'c.json')
    writeFileSync(file, JSON.stringify({ host: 'from-file', port: 1, network: ['one', 'two'], aln: true }))
    expect(parse([])).toMatchObject({ host: 'localhost', port: 8080 })
    expect(parse(['--config', file])).toMatchObject({ host: 'from-file', port: 1, network: ['one', 'two'], aln: true })
    vi.stubEnv('HOPMESH_PORT', '2')
    vi.stubEnv('HOPMESH_ALN', 'false')
    vi.stubEnv('HOPMESH_CONFIG', file)
    expect(parse([])).toMatchObject({ host: 'from-file', port: 2, aln: false })
    expect(parse(['--port', '3', '--aln'])).toMatchObject({ host: 'from-file', port: 3, aln: true })
  })

  it('a repeatable flag: repeated, listed by commas in the environment, a list or one text in the file', () => {
    expect(parse(['--network', 'a', '--network', 'b,c'])['network']).toEqual(['a', 'b,c'])
    vi.stubEnv('HOPMESH_NETWORK', 'a,b')
    expect(parse([])['network']).toEqual(['a', 'b'])
    vi.unstubAllEnvs()
    const file = join(folder, 'c.json')
    writeFileSync(file, '{"network": "solo"}')
    expect(parse(['--config', file])['network']).toEqual(['solo'])
  })
})
