/** 1 error, 2 warning, 3 notice, 4 state change, 5 each message and handler, 6 each frame (py2p's scale; 0 is off). */
export type LogLevel = 1 | 2 | 3 | 4 | 5 | 6

/** Where core tells what it does. `room` is the folder that speaks: 'link', 'routing', …. */
export interface Log {
  readonly level: number
  write(level: LogLevel, room: string, message: string, details?: unknown): void
}

/** Writes nothing. */
export const silentLog: Log = { level: 0, write: () => {} }
