import { silentLog } from '@hopmesh/core'
import type { Log } from '@hopmesh/core'

/** What core tells, on stderr. `debug`: a level 0…6, or the rooms that may speak: 'link,routing'. */
export function stderrLog(debug: number | string | undefined): Log {
  if (debug === undefined || debug === 0 || debug === '') return silentLog
  const rooms = typeof debug === 'string' && !/^\d$/.test(debug) ? new Set(debug.split(',').map((room) => room.trim())) : undefined
  const level = rooms === undefined ? Number(debug) : 6
  return {
    level,
    write(at, room, message, details) {
      if (at > level || (rooms !== undefined && !rooms.has(room))) return
      process.stderr.write(`hopmesh ${room}: ${message}${details === undefined ? '' : ` ${shown(details)}`}\n`)
    },
  }
}

function shown(details: unknown): string {
  if (details instanceof Error) return details.message
  try {
    return JSON.stringify(details) ?? String(details)
  } catch {
    return String(details)
  }
}
