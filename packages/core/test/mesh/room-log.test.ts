import { describe, expect, it } from 'vitest'
import { roomLog } from '../../src/mesh/room-log.ts'
import type { Log, LogLevel } from '../../src/ports/log.ts'
import { meshErrorOf } from './mesh-error-of.ts'

function sink(): Log & { lines: string[] } {
  const lines: string[] = []
  return { level: 6, lines, write: (level, room, message) => void lines.push(`${level} ${room} ${message}`) }
}

const levels: LogLevel[] = [1, 2, 3, 4, 5, 6]

describe('debug', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('PY-22 level %i lets through that much and no more', (debug) => {
    const to = sink()
    const log = roomLog(to, debug)
    expect(log.level).toBe(debug)
    for (const level of levels) log.write(level, 'link', 'x')
    expect(to.lines).toHaveLength(debug)
  })

  it('PY-22 rooms by name filter; warnings of the others stay', () => {
    const to = sink()
    const log = roomLog(to, 'calls, routing')
    log.write(6, 'calls', 'a')
    log.write(5, 'routing', 'b')
    log.write(3, 'link', 'c')
    log.write(2, 'link', 'd')
    expect(to.lines).toEqual(['6 calls a', '5 routing b', '2 link d'])
  })

  it('PP-29 undefined leaves the sink as the environment made it', () => {
    const to = sink()
    expect(roomLog(to, undefined)).toBe(to)
    expect(roomLog(to, '4').level).toBe(4)
  })

  it.each([7, -1, 1.5, Number.NaN, 'attic', 'link,attic', ''])('refuses %s', (debug) => {
    expect(meshErrorOf(() => roomLog(sink(), debug)).code).toBe('INVALID_OPTION')
  })
})
