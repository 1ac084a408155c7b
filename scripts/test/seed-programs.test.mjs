import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Program, startRelay } from './program.mjs'

let relay
const running = []

function run(file, ...args) {
  const program = new Program(`e2e/seeds/${file}`, args)
  running.push(program)
  return program
}

beforeAll(async () => {
  relay = await startRelay()
})
afterEach(() => Promise.all(running.splice(0).map((program) => program.stop('SIGKILL'))))
afterAll(() => relay.program.stop())

describe('001 py2p', () => {
  test('PY-01 joining needs a network and a relay, and nothing is bound', async () => {
    const program = run('001/join.mjs', relay.url)
    await program.says(/^I am k[a-z2-7]{26}\.[a-z2-7]{4}$/m)
    expect(await program.ends()).toBe(0)
  })

  test('a relay that is not there is told, with what was tried', async () => {
    const program = run('001/check.mjs', 'ws://127.0.0.1:9')
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toMatch(/^not joined: RELAY_UNREACHABLE\n {2}.*127\.0\.0\.1:9.*$/m)
  })

  test('a broadcast and a message arrive, and the reply comes back', async () => {
    const program = run('001/messages.mjs', relay.url)
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toContain("Bob got [ 'this is', 'a test' ]")
    expect(program.stdout).toContain("Bob got [ 'Did you get this?' ]")
    expect(program.stdout).toMatch(/Ada got \[ 'yes', 'I did' \] from k/)
  })

  test('PY-14 receive gives one message, or some, or none', async () => {
    // Of its own: what was said to all a moment ago reaches whoever comes later, too.
    const own = await startRelay()
    running.push(own.program)
    const program = run('001/receive.mjs', own.url)
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toBe("undefined []\n[ 'yes', 'I did' ] true\ndelivered\n")
  })

  test('PY-11 PY-12 PY-13 PP-12 flags are verbs: to neighbours, to everybody with receipts, to who has a topic open', async () => {
    const program = run('001/flags.mjs')
    expect(await program.ends()).toBe(0)
    const lines = program.stdout.split('\n').filter((line) => line !== '')
    expect(lines.toSorted()).toEqual([
      'Bob got of the weather rain',
      'Bob got only neighbours',
      'Bob got this is a test',
      'Eve got this is a test',
      'delivered to 2 and not to 0',
    ])
  })

  test('PY-16 PY-19 PY-20 handlers are asked in turn, answer the author or the neighbour that relayed, and take two parameters', async () => {
    const program = run('001/handlers.mjs')
    expect(await program.ends()).toBe(0)
    expect(program.stdout.split('\n').toSorted()).toEqual(['', 'Ada got success', 'Bob got success', 'Eve got test 3', 'HANDLER_ARITY'])
  })

  test('PY-17 PY-21 once and on: the first time and again after the relay was gone', async () => {
    const own = await startRelay()
    const program = run('001/events.mjs', own.url)
    await program.says(/Hey! You got connected!/)
    await program.says(/online \{ first: true, reconnect: false \}/)
    await own.program.stop('SIGKILL')
    const again = await startRelay('--port', new URL(own.url).port)
    running.push(again.program)
    await program.says(/online \{ first: false, reconnect: true \}/)
    expect(program.stdout.match(/Hey!/g)).toHaveLength(1)
    expect(await program.stop()).toBe(0)
  })

  test('PY-22 PP-29 debug: 5 tells each message, on stderr', async () => {
    const program = run('001/debug.mjs', relay.url)
    expect(await program.ends()).toBe(0)
    expect(program.stderr).toMatch(/broadcast: \w+ to everybody, 2 parts/)
    expect(program.stdout).toBe('')
    const quiet = run('001/join.mjs', relay.url)
    expect(await quiet.ends()).toBe(0)
    expect(quiet.stderr).toBe('')
  })
})

describe('003 pnet', () => {
  test('PN-01 PN-08 two nodes made of one options object each, a message, its answer, and both processes end with close', async () => {
    const program = run('003/basic-node.mjs', relay.url)
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toBe('ada got hello to you too\n')
  })

  test('a service answers', async () => {
    const program = run('003/service.mjs', relay.url)
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toBe('ada got hello to you too\n')
  })
})

test('PN-11 PN-12 PN-13 PN-14 functions from stream to stream, of one, of a list and of everybody', async () => {
  const program = run('003/advanced-node.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toMatch(
    /^A SMALL PAYLOAD\nbob got \d{4} bytes of advanced-node\.mjs\nbob fulfilled bob got \d{4} bytes .*\nnobody rejected UNKNOWN_NAME\n2\n$/,
  )
})

test('PN-13 PN-15 PN-16 PN-17 PN-18 PN-19 functions of one, of several and of everybody, and what a node says that it has', async () => {
  const program = run('003/command-node.mjs', relay.url)
  expect(await program.ends()).toBe(0)
  expect(program.stdout).toBe(
    "3 ada greets Eve\nada fulfilled 3\nbob rejected I cannot add\nnobody rejected UNKNOWN_NAME\n1 of 2\n[ 'add', 'greet' ]\n",
  )
})

describe('004 PyP2P', () => {
  test('PP-09 PP-30 Alice loops over what Bob says every second; both end when asked', async () => {
    const alice = run('004/alice.mjs', relay.url)
    const bob = run('004/bob.mjs', relay.url)
    await alice.says(/test\ntest\n/)
    expect(await bob.stop()).toBe(0)
    expect(await alice.stop()).toBe(0)
  })

  test('Alice reaches Bob, directly or not', async () => {
    const program = run('004/direct.mjs', relay.url)
    expect(await program.ends()).toBe(0)
    expect(program.stdout).toMatch(/Bob got Sup Bob\./)
  })
})
