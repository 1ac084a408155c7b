/** Where core gets its time from. A page and Node pass the real one, the simulator a virtual one. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  /** Milliseconds since 1970; may jump. Only for stamps that leave the process. */
  wallTime(): number
  /** Calls once after `delayMs`; the returned function cancels. A callback must not throw. */
  setTimer(delayMs: number, callback: () => void): () => void
  /** Calls at the end of the present turn: what was queued until then can leave together. */
  soon(callback: () => void): void
}
