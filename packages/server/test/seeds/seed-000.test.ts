import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Program, seedFolder } from '../processes.ts'
import { PlainNode } from '../plain-node.ts'

const programs: Program[] = []
afterEach(async () => {
  for (const program of programs) program.kill()
  await Promise.all(programs.splice(0).map((program) => program.exited))
})

function seed(name: string, ...args: string[]): Program {
  const program = new Program(join(seedFolder, '000', name), args)
  programs.push(program)
  return program
}

describe('the programs of ALN, as they are shown in the docs', () => {
  it('ALN-02 ALN-04 ALN-41 PP-30 three processes: a host, a ping service, a client that keeps pinging; a plain node joins them; ALN-03 each ends by SIGINT', async () => {
    const host = seed('node-1-host.mjs', '0')
    const [, port = ''] = await host.printed(/listening on (\d+)/)
    const service = seed('node-2-ping-service.mjs', port)
    const client = seed('node-3-client.mjs', port)
    await client.printed(/service up: ping:\d+:node-ping-service-1/)
    await client.printed(/received: pong from: node-ping-service-1/)
    await service.printed(/ping from \[node-client-1\]/)
    await client.printed(/received: pong[^]*received: pong/)

    const plain = await new PlainNode({ address: 'py-1' }).connectTcp(Number(port))
    while (!plain.services.some(({ service: name }) => name === 'ping') || !plain.routes.has('node-ping-service-1'))
      await new Promise((resolve) => setTimeout(resolve, 10))
    plain.call('ping', 4)
    while (plain.replies.length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(String(plain.replies[0]?.data)).toBe('pong')
    expect(plain.complaints).toEqual([])
    plain.end()

    for (const program of [client, service, host]) {
      program.kill('SIGINT')
      expect(await program.exited).toBe(0)
      expect(program.stderr).toBe('')
    }
  })

  it('ALN-42 one process: three routers joined by local channels; node 3 finds the ping of node 1 through node 2, and all ends by itself', async () => {
    const program = seed('one-process.mjs')
    expect([await program.exited, program.stderr]).toEqual([0, ''])
    expect(program.stdout).toMatch(/service up at aln-node-3: ping:\d+:aln-node-1/)
    expect(program.stdout).toContain('ping from [aln-node-3]')
    expect(program.stdout).toMatch(/"src":"aln-node-1"/)
    expect(program.stdout).toContain('unpacked response data: pong')
  })
})
