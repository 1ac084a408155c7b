import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const fuzzer = fileURLToPath(new URL('../../packages/core/scripts/fuzz/fuzz.mjs', import.meta.url))
const planted = fileURLToPath(new URL('../../packages/core/scripts/fuzz/planted.mjs', import.meta.url))

/** For a machine that has much else to do; inputs are counted, not seconds. */
const runTimeoutMs = 600_000

function fuzz(...args) {
  return run('--targets', planted, ...args)
}

function run(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fuzzer, ...args], { encoding: 'utf8', timeout: runTimeoutMs })
  return { status, stdout, stderr }
}

test(
  'the fuzzer finds what is planted: a throw behind four bytes, a hang, a length that is believed',
  { timeout: 2 * runTimeoutMs },
  () => {
    const far = fuzz('--runs', '400000', 'behind four bytes')
    expect(far.stderr).toMatch(/throw: Error: found behind four bytes[^]*input 46555a21/)
    expect(far.status).toBe(1)
    const near = fuzz('--runs', '20000', '--patience', '0.7', 'hangs', 'takes too much')
    expect(near.stderr).toMatch(/hang: more than 0.7 s\n {2}input 03/)
    expect(near.stderr).toMatch(/(throw|allocation): [^\n]*\d{6,} bytes at once/)
    expect(near.status).toBe(1)
  },
)

test('and has nothing to say about what is well made, and no patience for a target that is none', { timeout: 2 * runTimeoutMs }, () => {
  expect(fuzz('--runs', '20000', 'well made')).toMatchObject({ status: 0, stderr: '' })
  expect(fuzz('nothing')).toMatchObject({ status: 2, stderr: expect.stringMatching(/no target 'nothing'/) })
})

test('a short run over everything that reads what others wrote finds nothing', { timeout: runTimeoutMs }, () => {
  const { status, stdout, stderr } = run('--runs', '60', '--seed', String(Date.now() % 1_000_000))
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout.trim().split('\n').length).toBeGreaterThan(20)
})
