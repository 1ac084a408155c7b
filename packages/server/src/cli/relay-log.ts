import type { Log, LogLevel } from '@hopmesh/core'
import type { Logger } from 'pino'

const pinoLevels: Readonly<Record<LogLevel, 'error' | 'warn' | 'info' | 'debug' | 'trace'>> = {
  1: 'error',
  2: 'warn',
  3: 'info',
  4: 'debug',
  5: 'trace',
  6: 'trace',
}

/** Core's log, written by pino: one JSON line each. */
export function relayLog(logger: Logger): Log {
  return {
    level: 3,
    write(level, room, message, details) {
      logger[pinoLevels[level]](details === undefined ? { room } : { room, details }, message)
    },
  }
}
