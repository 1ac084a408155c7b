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

/** One measurement of a lane. */
export interface Sample {
  readonly packetsPerSecond: number
  /** What sender, receiver and server together used for one packet; NaN where the system does not tell. */
  readonly cpuMicros: number
}

/** A lane and the process it leads through. */
export interface Way {
  readonly lane: Lane
  readonly server: { cpuSeconds(): number | undefined }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** How many of them never arrive. */
async function missing(lane: Lane, expected: number): Promise<number> {
  const late = performance.now() + 5_000
  while (lane.received() < expected && performance.now() < late) await turn()
  return Math.max(0, expected - lane.received())
}

/** What arrived, what was taken and never did, and what the sender's own node did not take. */
export interface Arrived {
  readonly packetsPerSecond: number
  readonly lost: number
  readonly refused: number
}

/** Packets with `window` of them always on their way. Throws when some never arrive. */
export async function measure({ lane, server }: Way, options: PipelineOptions): Promise<Sample> {
  const cpu = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6 + (server.cpuSeconds() ?? Number.NaN)
  const before = lane.received()
  const cpuBefore = cpu()
  const { packetsPerSecond, lost } = await pipelined(lane, options)
  if (lost > 0) throw new Error(`${lost} packets never arrived`)
  return { packetsPerSecond, cpuMicros: ((cpu() - cpuBefore) / (lane.received() - before)) * 1e6 }
}

/** The rate alone; returns when all have arrived. */
export async function pipelined(lane: Lane, { window, durationMs }: PipelineOptions): Promise<Arrived> {
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
  const rate = (lane.received() - before) / ((performance.now() - started) / 1_000)
  return { packetsPerSecond: rate, lost: await missing(lane, before + sent), refused: 0 }
}

/** Packets offered evenly, whether they are taken or not. */
export async function paced(
  lane: Lane,
  { perSecond, durationMs }: { readonly perSecond: number; readonly durationMs: number },
): Promise<Arrived> {
  const before = lane.received()
  let sent = 0
  let refused = 0
  const started = performance.now()
  while (performance.now() < started + durationMs) {
    const due = (perSecond * (performance.now() - started)) / 1_000
    while (sent + refused < due) {
      if (lane.push() === 0) refused++
      else sent++
    }
    await turn()
  }
  const rate = (lane.received() - before) / ((performance.now() - started) / 1_000)
  return { packetsPerSecond: rate, lost: await missing(lane, before + sent), refused }
}

/** All ways in turn, `rounds` times after one round to warm up, so that what else the machine does hits each of them. */
export async function interleaved(ways: readonly Way[], options: PipelineOptions & { readonly rounds: number }): Promise<Sample[][]> {
  const samples: Sample[][] = ways.map(() => [])
  for (let round = 0; round <= options.rounds; round++) {
    for (let place = 0; place < ways.length; place++) {
      // Who goes first alternates, too.
      const at = (place + round) % ways.length
      const sample = await measure(ways[at]!, options)
      if (round > 0) samples[at]!.push(sample)
    }
  }
  return samples
}
