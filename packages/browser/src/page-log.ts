import { silentLog } from '@hopmesh/core'
import type { Log, LogLevel } from '@hopmesh/core'

type Method = 'warn' | 'info' | 'debug'

const methods: Readonly<Record<LogLevel, Method>> = { 1: 'warn', 2: 'warn', 3: 'info', 4: 'info', 5: 'debug', 6: 'debug' }

/** The page's console, for a mesh with the `debug` option; core picks levels and rooms. Without the option it is silent. */
export function pageLog(debug: number | string | undefined): Log {
  if (debug === undefined) return silentLog
  return {
    level: 6,
    write(level, room, message, details) {
      console[methods[level]](`hopmesh ${room}: ${message}`, ...(details === undefined ? [] : [details]))
    },
  }
}
