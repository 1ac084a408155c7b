import { silentLog } from '@hopmesh/core'
import type { Log } from '@hopmesh/core'

/** stderr, for a mesh with the `debug` option; core picks levels and rooms. Without the option, or with 0, it is silent. */
export function stderrLog(debug: number | string | undefined): Log {
  if (debug === undefined || Number(debug) === 0) return silentLog
  return {
    level: 6,
    write(_level, room, message, details) {
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
