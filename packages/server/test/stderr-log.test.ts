import { afterEach, expect, test, vi } from 'vitest'
import { createMesh } from '../src/index.ts'
import { nodeEnvironment } from '../src/node-environment.ts'

afterEach(() => vi.restoreAllMocks())

function written(): string[] {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  return lines
}

test('PY-22 rooms that are named speak on stderr, and the warnings of the others stay', async () => {
  const lines = written()
  const mesh = createMesh({ debug: 'streams' })
  mesh.streams.register('here', () => undefined)
  mesh.on('message', () => {})
  // A listener that fails where nobody listens to errors is a warning of the room mesh.
  mesh.services.register('greet', () => {
    throw new Error('not today')
  })
  await mesh.ready
  await mesh.call('greet').catch(() => {})
  await mesh.close()
  expect(lines.filter((line) => line.startsWith('hopmesh mesh: ')).join('')).toContain('not today')
  expect(lines.filter((line) => line.startsWith('hopmesh calls: '))).toEqual([])
})

test.each([undefined, 0, '0'])('debug: %s writes nothing', (debug) => {
  const lines = written()
  nodeEnvironment({ debug }).log.write(1, 'identity', 'something')
  expect(lines).toEqual([])
})
