/** A way from a sender to a receiver, both in this process, with a server process in between. */
export interface Lane {
  /** Sends one packet or a burst, and says how many. 0: the way is full, try later. */
  push(): number
  /** Packets that have arrived, checked. */
  received(): number
  close(): Promise<void>
}

export interface PipelineOptions {
  /** Packets on their way at a time. */
  readonly window: number
  readonly durationMs: number
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Packets per second with `window` of them always on their way. Throws when some never arrive. */
export async function packetsPerSecond(lane: Lane, { window, durationMs }: PipelineOptions): Promise<number> {
  const before = lane.received()
  let sent = 0
  const started = performance.now()
  const end = started + durationMs
  while (performance.now() < end) {
    while (sent - (lane.received() - before) < window) {
      const pushed = lane.push()
      if (pushed === 0) break
      sent += pushed
    }
    await turn()
  }
  const arrived = lane.received() - before
  const seconds = (performance.now() - started) / 1000
  const late = performance.now() + 5_000
  while (lane.received() - before < sent) {
    if (performance.now() > late) throw new Error(`${sent - (lane.received() - before)} of ${sent} packets never arrived`)
    await turn()
  }
  return arrived / seconds
}

export interface Rates {
  readonly ours: readonly number[]
  readonly peer: readonly number[]
}

/** Both lanes in turn, `rounds` times after one round to warm up, so that what else the machine does hits both. */
export async function interleaved(ours: Lane, peer: Lane, options: PipelineOptions & { readonly rounds: number }): Promise<Rates> {
  const rates = { ours: [] as number[], peer: [] as number[] }
  for (let round = 0; round <= options.rounds; round++) {
    const lanes = [{ lane: ours, into: rates.ours }, { lane: peer, into: rates.peer }]
    // Who goes first alternates, too.
    for (const { lane, into } of round % 2 === 0 ? lanes : lanes.toReversed()) {
      const rate = await packetsPerSecond(lane, options)
      if (round > 0) into.push(rate)
    }
  }
  return rates
}
