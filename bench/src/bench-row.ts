import type { Sample } from './pipelined.ts'

/** One line of the table: the same work by us and by a peer, in one run. */
export interface BenchRow {
  /** 'P1' …: the row of the goals. */
  readonly id: string
  readonly work: string
  /** Per second, median of the rounds. */
  readonly ours: number
  readonly peer: number
  readonly peerName: string
  readonly ratio: number
  readonly goal: number
  /** Half the spread of the rounds' ratios between the quartiles, as a share of the ratio. */
  readonly noise: number
  /** The peer's CPU time for the same work as a multiple of ours: what a busy machine distorts least. */
  readonly cpuRatio?: number | undefined
}

export interface Bench {
  /** What to call it on the command line, in lower case: 'p1' … */
  readonly name: string
  /** Prints what is no ratio itself; gives the ratios. */
  run(): Promise<BenchRow[]>
}

type About = Pick<BenchRow, 'id' | 'work' | 'peerName' | 'goal'>

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/** `ours` and `peer` hold one rate per round, measured in turn. */
export function benchRow(about: About, ours: readonly number[], peer: readonly number[]): BenchRow {
  const ratios = ours.map((rate, round) => rate / (peer[round] ?? Number.NaN))
  const ratio = quantile(ratios, 0.5)
  return {
    ...about,
    ours: quantile(ours, 0.5),
    peer: quantile(peer, 0.5),
    ratio,
    noise: (quantile(ratios, 0.75) - quantile(ratios, 0.25)) / 2 / ratio,
  }
}

export function sampleRow(about: About, ours: readonly Sample[], peer: readonly Sample[]): BenchRow {
  const rates = (samples: readonly Sample[]): number[] => samples.map(({ packetsPerSecond }) => packetsPerSecond)
  const cpuRatio = quantile(
    ours.map(({ cpuMicros }, round) => (peer[round]?.cpuMicros ?? Number.NaN) / cpuMicros),
    0.5,
  )
  return { ...benchRow(about, rates(ours), rates(peer)), cpuRatio: Number.isNaN(cpuRatio) ? undefined : cpuRatio }
}
