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

test('a message is delivered, and answered', async () => {
  const program = run('talk.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe("delivered\ntrue [ 'yes', 'I did' ]\n")
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
