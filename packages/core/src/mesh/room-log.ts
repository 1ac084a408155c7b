import { MeshError } from '../errors/mesh-error.ts'
import type { Log } from '../ports/log.ts'

/** The rooms that `debug` can name. */
export const logRooms = [
  'identity',
  'link',
  'routing',
  'membership',
  'signaling',
  'devices',
  'session',
  'calls',
  'messages',
  'broadcast',
  'streams',
  'mesh',
] as const

const levelMax = 6
/** Of rooms that were not named: errors and warnings. */
const levelOfOthers = 2

/**
 * What `debug` makes of the environment's log. Undefined: the log as it is. A number (or its text): everything up to
 * that level. Names, 'link,routing': all of these rooms and the warnings of the others. Throws INVALID_OPTION.
 */
export function roomLog(sink: Log, debug: number | string | undefined): Log {
  if (debug === undefined) return sink
  const level = typeof debug === 'string' && /^\d+$/.test(debug) ? Number(debug) : debug
  if (typeof level === 'string') return namedRooms(sink, level)
  if (!Number.isInteger(level) || level < 0 || level > levelMax) throw unknownDebug(debug)
  return {
    level,
    write(of, room, message, details) {
      if (of <= level) sink.write(of, room, message, details)
    },
  }
}

function namedRooms(sink: Log, debug: string): Log {
  const rooms = new Set(debug.split(',').map((room) => room.trim()))
  for (const room of rooms) if (!logRooms.some((known) => known === room)) throw unknownDebug(debug)
  return {
    level: levelMax,
    write(of, room, message, details) {
      if (of <= levelOfOthers || rooms.has(room)) sink.write(of, room, message, details)
    },
  }
}

function unknownDebug(debug: unknown): MeshError {
  return new MeshError(
    'INVALID_OPTION',
    `debug must be 0 to ${levelMax}, or rooms (${logRooms.join(', ')}) with commas, not '${String(debug)}'`,
  )
}
