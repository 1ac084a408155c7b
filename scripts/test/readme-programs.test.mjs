import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { Program, startRelay } from './program.mjs'

let relay
const running = []

function run(file, ...args) {
  const program = new Program(`e2e/readme/${file}`, args)
  running.push(program)
  return program
}

beforeAll(async () => {
  relay = await startRelay('--aln', '--tcp', '0', '--network', 'garden')
})
afterEach(() => Promise.all(running.splice(0).map((program) => program.stop('SIGKILL'))))
afterAll(() => relay.program.stop())

test('a member offers a service, another finds and calls it, and a service that nobody offers is an error', async () => {
  const greeter = run('greet.mjs', relay.url)
  const [, address] = await greeter.says(/greeting as (\S+)/)
  const caller = run('call.mjs', relay.url)
  expect(await caller.ends()).toBe(0)
  expect(caller.stdout).toBe(`hello, Ada (from ${address}, 2 hops away)\nNO_SERVICE\n`)
  expect(await greeter.stop()).toBe(0)
})

test('a service answers many times, to one and to all', async () => {
  const program = run('feed.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe('7\n8\n9\n1\n5\n')
})

test('functions of one and of everybody are called, with values of many kinds', async () => {
  const program = run('functions.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe("3\nSet(1) { 'today' }\ntrue 5\n")
})

test('streams go there and come back; a file is kept by the id that it brings', async () => {
  const program = run('streams.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe('TO BE READ ALOUD\nall 3000000 bytes are there\n3000000\n')
})

test('a message is delivered, and answered', async () => {
  const program = run('talk.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe("delivered\ntrue [ 'yes', 'I did' ]\n")
})

test('a message to a member that is away is stored, outlives its process, and is delivered once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hopmesh-readme-'))
  try {
    const program = run('away.mjs', relay.url, join(folder, 'ada.key'), join(folder, 'bob.key'))
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toBe(
      'stored true\n[ true ]\nRead this when you are back true\ndelivered\ntrue fulfilled undefined\nfalse rejected UNKNOWN_NAME\n',
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a broadcast says who has it, a topic is heard where it is open, and who comes later catches up', async () => {
  const program = run('broadcast.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe('true 0 0\nchat hello\nthis is a test\n')
})

test('the way to another is shown, and what it says of itself', async () => {
  const program = run('look.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toMatch(/^1 relay [\d.]+ ms\n2 Bob [\d.]+ ms\ntrue 3 nodes, 2 links\nmember \[\]\n$/)
})

test('a node that works packet by packet finds the service of a member and calls it', async () => {
  const greeter = run('greet.mjs', relay.url)
  await greeter.says(/greeting as/)
  const plain = run('plain.mjs', relay.tcp)
  await plain.says(/^hello, thermometer$/m)
  expect(await plain.stop()).toBe(0)
})

test('PY-05 who has the key of the network is inside, who has another one or none reads why', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hopmesh-readme-'))
  const hopmesh = async (...args) => {
    const program = new Program('packages/server/dist/cli/main.js', args)
    running.push(program)
    expect(await program.ends()).toBe(0)
    return program.stdout.trim()
  }
  await hopmesh('key', join(folder, 'garden.key'))
  await writeFile(join(folder, 'garden.pub'), await hopmesh('key', '--public', '--network', 'garden', join(folder, 'garden.key')))
  const keyed = await startRelay('--network', `garden=${join(folder, 'garden.pub')}`)
  try {
    const inside = run('keyed.mjs', keyed.url, (await readFile(join(folder, 'garden.key'), 'utf8')).trim())
    await inside.says(/inside as k/)
    for (const other of [[await hopmesh('key')], []]) {
      const outside = run('keyed.mjs', keyed.url, ...other)
      expect(await outside.ends()).toBe(1)
      expect(outside.stdout).toBe('NETWORK_KEY_MISMATCH\n')
    }
  } finally {
    await keyed.program.stop()
    await rm(folder, { recursive: true })
  }
})
