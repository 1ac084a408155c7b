import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { joinMesh } from '../../src/index.ts'
import { Program, commandLine } from '../processes.ts'
import { PlainNode } from '../plain-node.ts'

const programs: Program[] = []
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hopmesh-'))
})
afterEach(async () => {
  for (const program of programs) program.kill()
  await Promise.all(programs.splice(0).map((program) => program.exited))
  rmSync(folder, { recursive: true })
})

function hopmesh(...args: string[]): Program {
  return hopmeshWith({}, ...args)
}

function hopmeshWith(options: { input?: string }, ...args: string[]): Program {
  const program = new Program(commandLine, args, options)
  programs.push(program)
  return program
}

interface Ready {
  readonly program: Program
  readonly ws: string
  readonly tcp: string
  readonly line: string
}

async function relay(...args: string[]): Promise<Ready> {
  const program = hopmesh('relay', '--port', '0', '--json', ...args)
  const [line = ''] = await program.printed(/^.*\n/)
  const ready = JSON.parse(line) as { ready: boolean; ws: string; tcp?: string }
  expect(ready.ready).toBe(true)
  return { program, ws: ready.ws, tcp: ready.tcp ?? '', line }
}

describe('hopmesh relay', () => {
  it('the ready line: JSON with ws, and tcp only when it listens; human otherwise', async () => {
    const bare = await relay()
    expect(bare.line).toMatch(/^\{"ready":true,"ws":"ws:\/\/127\.0\.0\.1:\d+"\}\n$/)
    const gateway = await relay('--aln', '--tcp', '0')
    expect(gateway.line).toMatch(/^\{"ready":true,"ws":"ws:\/\/127\.0\.0\.1:\d+","tcp":"127\.0\.0\.1:\d+"\}\n$/)
    const human = hopmesh('relay', '--port', '0')
    expect((await human.printed(/.+\n/))[0]).toMatch(/ready.*ws:\/\/127\.0\.0\.1:\d+/)
  })

  it('a taken port: exit 1, PORT_IN_USE and the port in one line', async () => {
    const { ws } = await relay()
    const port = new URL(ws).port
    const second = hopmesh('relay', '--port', port)
    expect(await second.exited).toBe(1)
    expect(second.stderr).toMatch(new RegExp(`^hopmesh: PORT_IN_USE .*${port}.*\n$`))
    const third = hopmesh('relay', '--port', '0', '--tcp', port)
    expect(await third.exited).toBe(1)
    expect(third.stderr).toContain('PORT_IN_USE')
    expect(third.stdout).toBe('')
  })

  it('a wrong flag: exit 2, one line, a suggestion', async () => {
    const wrong = hopmesh('relay', '--jsn')
    expect(await wrong.exited).toBe(2)
    expect(wrong.stderr).toBe("hopmesh: unknown option '--jsn' (Did you mean --json?)\n")
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('%s drains: members hear it, exit 0', async (signal) => {
    const { program, ws } = await relay('--aln', '--tcp', '0')
    const mesh = await joinMesh({ relays: [ws] })
    const notices: string[] = []
    mesh.router.on('notice', ({ code }) => notices.push(code))
    const offline = new Promise((resolve) => mesh.once('offline', () => resolve(undefined)))
    program.kill(signal)
    expect(await program.exited).toBe(0)
    await offline
    expect(notices).toEqual(['RESTARTING'])
    await mesh.close()
  })

  it('flags come from the config file and the environment too', async () => {
    const file = join(folder, 'relay.json')
    const identity = join(folder, 'identity')
    writeFileSync(file, JSON.stringify({ network: ['garden'], identity, host: '127.0.0.2' }))
    const program = new Program(commandLine, ['relay'], { env: { HOPMESH_CONFIG: file, HOPMESH_PORT: '0', HOPMESH_JSON: '1' } })
    programs.push(program)
    const [, ws = ''] = await program.printed(/"ws":"(ws:\/\/127\.0\.0\.2:\d+)"/)
    expect(statSync(identity).mode & 0o777).toBe(0o600)
    const mesh = await joinMesh({ relays: [ws], network: 'garden' })
    await mesh.close()
    await expect(joinMesh({ relays: [ws], network: 'desert' })).rejects.toMatchObject({ code: 'NETWORK_MISMATCH' })
  })

  it('the relay keeps who it is in --identity', async () => {
    const identity = join(folder, 'identity')
    const whos: string[] = []
    for (let life = 0; life < 2; life += 1) {
      const { program, ws } = await relay('--identity', identity)
      const mesh = await joinMesh({ relays: [ws] })
      whos.push([...mesh.peers.keys()].map((address) => address.split('.')[0] ?? '').join())
      await mesh.close()
      program.kill('SIGTERM')
      await program.exited
    }
    expect(whos[0]).toMatch(/^k[a-z2-7]{26}$/)
    expect(whos[1]).toBe(whos[0])
  })
})

describe('hopmesh join, ping, peers, services, call', () => {
  it('PN-16 functions of a member are called, with arguments in JSON or as text', async () => {
    const { ws } = await relay()
    const ada = await joinMesh({ relays: [ws], network: 'garden', name: 'Ada' })
    ada.functions.register({
      add: (_, a: number, b: number) => a + b,
      kinds: (_, ...args: unknown[]) => args.map((arg) => typeof arg),
    })
    const add = hopmesh('call', ws, 'add', '1', '2', '--to', 'Ada', '--network', 'garden')
    const kinds = hopmesh('call', ws, 'kinds', '1', 'one', '{"a":1}', '--to', ada.address, '--network', 'garden', '--json')
    const all = hopmesh('call', ws, 'add', '2', '2', '--to', '*', '--network', 'garden')
    const two = hopmesh('call', ws, 'ping', 'a', 'b', '--network', 'garden')
    expect(await Promise.all([add, kinds, all, two].map((program) => program.exited))).toEqual([0, 0, 0, 2])
    expect(add.stdout).toBe('3\n')
    expect(JSON.parse(kinds.stdout)).toEqual({ result: ['number', 'string', 'object'] })
    expect(all.stdout).toContain(`${ada.address}  4\n`)
    expect(two.stderr).toMatch(/--to names the member/)
    await ada.close()
  })

  it('a member that serves ping; the others find, list and call it', async () => {
    const { ws } = await relay()
    const member = hopmesh('join', ws, '--network', 'garden', '--name', 'Ada', '--serve', 'ping', '--json')
    const [line = ''] = await member.printed(/^.*\n/)
    const { online, address, network } = JSON.parse(line) as { online: boolean; address: string; network: string }
    expect([online, network]).toEqual([true, 'garden'])
    const at = [ws, '--network', 'garden']

    const call = hopmesh('call', ws, 'ping', 'hello', '--network', 'garden')
    const piped = hopmeshWith({ input: 'from a pipe' }, 'call', ws, 'ping', '-', '--network', 'garden')
    const ping = hopmesh('ping', ws, 'ping', '--network', 'garden')
    const pingAddress = hopmesh('ping', ws, address, '--network', 'garden', '--json')
    const pingName = hopmesh('ping', ws, 'Ada', '--network', 'garden')
    expect(await Promise.all([call, piped, ping, pingAddress, pingName].map((program) => program.exited))).toEqual([0, 0, 0, 0, 0])
    expect(piped.stdout).toBe('pong from a pipe\n')
    expect(pingName.stdout).toMatch(/^answer from Ada in .* over 2 hops/)
    expect(call.stdout).toBe('pong hello\n')
    expect(ping.stdout).toMatch(new RegExp(`^pong .*${address}.* [\\d.]+ ms`))
    expect(JSON.parse(pingAddress.stdout)).toMatchObject({ from: address, hops: 2, roundTripMs: expect.any(Number) })

    const peers = hopmesh('peers', ...at)
    const peersJson = hopmesh('peers', ...at, '--json')
    const services = hopmesh('services', ...at)
    const servicesJson = hopmesh('services', ...at, '--json')
    expect(await Promise.all([peers, peersJson, services, servicesJson].map((program) => program.exited))).toEqual([0, 0, 0, 0])
    expect(peers.stdout).toMatch(new RegExp(`^ADDRESS .*\n[^]*${address} +Ada +member`))
    expect(JSON.parse(peersJson.stdout)).toContainEqual(expect.objectContaining({ address, name: 'Ada', kind: 'member' }))
    expect(services.stdout).toMatch(new RegExp(`\nping +${address} +Ada +member +0\\.00 +2 +\\d+ s\n`))
    expect(peers.stdout).toMatch(new RegExp(`${address} +Ada +member +active +2 +\\d+ .* +\\d+ s\n`))
    expect(JSON.parse(servicesJson.stdout)).toEqual([expect.objectContaining({ service: 'ping', address, name: 'Ada' })])

    member.kill('SIGTERM')
    expect(await member.exited).toBe(0)
  })

  it('ALN-35 trace shows each hop with its time, by address and by name, and says where a way ends', async () => {
    const { ws, tcp } = await relay('--aln', '--tcp', '0')
    const member = hopmesh('join', ws, '--name', 'Ada', '--json')
    const [line = ''] = await member.printed(/^.*\n/)
    const { address } = JSON.parse(line) as { address: string }
    const node = await new PlainNode({ address: 'py-node-1' }).connectTcp(Number(tcp.split(':')[1]))
    const byAddress = hopmesh('trace', ws, address)
    const byName = hopmesh('trace', ws, 'Ada', '--json')
    const plain = hopmesh('trace', ws, 'py-node-1')
    const wrong = hopmesh('trace', ws, 'nobody')
    const wrongAddress = hopmesh('trace', ws, `${address.slice(0, -4)}aaaa`, '--json')
    const traces = [byAddress, byName, plain, wrong, wrongAddress]
    expect(await Promise.all(traces.map((program) => program.exited))).toEqual([0, 0, 0, 1, 1])
    expect(byAddress.stdout).toMatch(
      new RegExp(`^HOP +ROUND TRIP .*\n1 +[\\d.]+ ms +relay +relay +k.*\n2 +[\\d.]+ ms +member +Ada +${address}\n$`),
    )
    const trace = JSON.parse(byName.stdout) as { arrived: boolean; hops: { roundTripMs: number }[] }
    expect(trace).toMatchObject({
      address,
      arrived: true,
      hops: [
        { hop: 1, kind: 'relay' },
        { hop: 2, address, name: 'Ada', kind: 'member' },
      ],
    })
    for (const { roundTripMs } of trace.hops) expect(roundTripMs).toBeGreaterThan(0)
    expect(plain.stdout).toMatch(/\n2 +\* +plain +py-node-1 +py-node-1\n$/)
    for (const { stdout, stderr } of [wrong, wrongAddress]) {
      expect(stdout).toBe('')
      expect(stderr).toMatch(/^hopmesh: NO_ROUTE nobody here has the address or name '.*\n$/)
    }
    node.end()
  })

  it('a plain node over TCP finds the ping of `join --serve ping`', async () => {
    const { ws, tcp } = await relay('--aln', '--tcp', '0')
    const member = hopmesh('join', ws, '--serve', 'ping')
    expect((await member.printed(/.+\n/))[0]).toMatch(/^online as k/)
    const node = await new PlainNode({ address: 'py-node-1' }).connectTcp(Number(tcp.split(':')[1]))
    while (!(node.services.length > 0 && node.routes.has(node.services[0]?.host ?? '')))
      await new Promise((resolve) => setTimeout(resolve, 10))
    node.call('ping', 3)
    while (node.replies.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(String(node.replies[0]?.data)).toBe('pong')
    expect(node.complaints).toEqual([])
    node.end()
  })

  it('nobody there, a page, a wrong network, no such service, no such identity: one clear line, exit 1', async () => {
    const { ws } = await relay('--network', 'garden')
    const page = createServer((_, response) => response.end('a page'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    const pageUrl = `ws://127.0.0.1:${(page.address() as AddressInfo).port}`
    const cases: [string[], RegExp][] = [
      [['join', 'ws://127.0.0.1:1'], /^hopmesh: RELAY_UNREACHABLE .*127\.0\.0\.1:1.*nobody listens/],
      [['peers', pageUrl], /^hopmesh: RELAY_UNREACHABLE .*HTTP 200/],
      [['services', ws, '--network', 'desert'], /^hopmesh: NETWORK_MISMATCH .*desert/],
      [['ping', ws, 'nothing', '--network', 'garden'], /^hopmesh: NO_SERVICE .*nothing/],
      [['call', ws, 'nothing', '--network', 'garden'], /^hopmesh: NO_SERVICE .*nothing/],
      [['call', ws, 'add', '1', '--to', 'nobody at all', '--network', 'garden'], /^hopmesh: UNKNOWN_NAME .*nobody at all/],
      [['join', ws, '--network', 'garden', '--identity', '/nowhere/key'], /^hopmesh: IDENTITY_FILE .*\/nowhere\/key/],
    ]
    await Promise.all(
      cases.map(async ([args, line]) => {
        const program = hopmesh(...args)
        expect([args, await program.exited]).toEqual([args, 1])
        expect(program.stderr).toMatch(line)
        expect(program.stderr.trim().split('\n')).toHaveLength(1)
        expect(program.stdout).toBe('')
      }),
    )
    page.close()
    expect(existsSync('/nowhere/key')).toBe(false)
  })
})
