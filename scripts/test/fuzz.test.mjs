import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const fuzzer = fileURLToPath(new URL('../../packages/core/scripts/fuzz/fuzz.mjs', import.meta.url))
const planted = fileURLToPath(new URL('../../packages/core/scripts/fuzz/planted.mjs', import.meta.url))

function fuzz(...args) {
  return run('--targets', planted, ...args)
}

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fuzzer, ...args], { encoding: 'utf8', timeout: 170_000 })
  return { status, stdout, stderr }
}

test('the fuzzer finds what is planted: a throw behind four bytes, a hang, a length that is believed', { timeout: 90_000 }, () => {
  const far = fuzz('--seconds', '6', 'behind four bytes')
  expect(far.stderr).toMatch(/throw: Error: found behind four bytes[^]*input 46555a21/)
  expect(far.status).toBe(1)
  const near = fuzz('--seconds', '1', '--patience', '0.7', 'hangs', 'takes too much')
  expect(near.stderr).toMatch(/hang: more than 0.7 s\n {2}input 03/)
  expect(near.stderr).toMatch(/(throw|allocation): [^\n]*\d{6,} bytes at once/)
  expect(near.status).toBe(1)
})

test('and has nothing to say about what is well made, and no patience for a target that is none', { timeout: 60_000 }, () => {
  expect(fuzz('--seconds', '0.3', 'well made')).toMatchObject({ status: 0, stderr: '' })
  expect(fuzz('nothing')).toMatchObject({ status: 2, stderr: expect.stringMatching(/no target 'nothing'/) })
})

test('a short run over everything that reads what others wrote finds nothing', { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = run('--seconds', '0.15', '--seed', String(Date.now() % 1_000_000))
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout.trim().split('\n').length).toBeGreaterThan(20)
})
