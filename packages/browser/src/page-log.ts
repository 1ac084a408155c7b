import type { Log, LogLevel } from '@hopmesh/core'

const methods: Readonly<Record<LogLevel, 'warn' | 'info' | 'debug'>> = { 1: 'warn', 2: 'warn', 3: 'info', 4: 'info', 5: 'debug', 6: 'debug' }

/** What core tells, on the page's console. `debug`: a level 0…6, or the rooms that may speak: 'link,routing'. */
export function pageLog(debug: number | string | undefined): Log {
  const rooms = typeof debug === 'string' ? new Set(debug.split(',').map((room) => room.trim())) : undefined
  const level = rooms === undefined ? Number(debug ?? 0) : 6
  return {
    level,
    write(at, room, message, details) {
      if (at > level || (rooms !== undefined && !rooms.has(room))) return
      console[methods[at]](`hopmesh ${room}: ${message}`, ...(details === undefined ? [] : [details]))
    },
  }
}
