import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Program, commandLine } from '../processes.ts'

// ES modules are told by a loader hook, CommonJS ones stand in the cache of `require`.
const hook = `
import { appendFileSync } from 'node:fs'
export async function load(url, context, next) {
  appendFileSync(process.env.LOADED, url + '\\n')
  return next(url, context)
}`
const register = `
import { appendFileSync } from 'node:fs'
import Module, { register } from 'node:module'
register('./hook.mjs', import.meta.url)
process.on('exit', () => appendFileSync(process.env.LOADED, Object.keys(Module._cache).join('\\n')))`

it('hopmesh relay without options loads only core, ws, commander, pino and what those need', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hopmesh-'))
  writeFileSync(join(folder, 'hook.mjs'), hook)
  writeFileSync(join(folder, 'register.mjs'), register)
  const list = join(folder, 'loaded')
  const relay = new Program(commandLine, ['relay', '--port', '0'], {
    nodeArgs: ['--import', join(folder, 'register.mjs')],
    env: { LOADED: list },
  })
  await relay.printed(/ready/)
  relay.kill('SIGTERM')
  expect(await relay.exited).toBe(0)
  const loaded = [...new Set(readFileSync(list, 'utf8').split('\n'))].filter((path) => path !== '' && !path.startsWith('node:'))
  rmSync(folder, { recursive: true })

  const packages = new Set(loaded.flatMap((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []))
  const ofCore = ['@noble/hashes', '@noble/curves', '@noble/ciphers', '@scure/base', 'devalue', 'eventemitter3']
  const ofPino = [
    'pino',
    'pino-std-serializers',
    'sonic-boom',
    'atomic-sleep',
    'on-exit-leak-free',
    'quick-format-unescaped',
    'safe-stable-stringify',
    'thread-stream',
    'real-require',
    'fast-redact',
    '@pinojs/redact',
  ]
  const allowed = new Set(['@hopmesh/core', 'ws', 'commander', ...ofCore, ...ofPino])
  expect([...packages].filter((name) => !allowed.has(name))).toEqual([])
  expect([...packages]).toEqual(expect.arrayContaining(['ws', 'commander', 'pino']))
  // Nothing of a member's commands either.
  expect(loaded.filter((path) => /cli\/(join|ping|call|list|open)/.test(path))).toEqual([])
})
