export interface FuzzTarget {
  readonly name: string
  readonly seeds: readonly Uint8Array[]
  readonly words?: readonly Uint8Array[]
  readonly bytesMax?: number
  /** Inputs between two looks: fewer where one takes long. */
  readonly batchRuns?: number
  run(input: Uint8Array): unknown
}

export type LoadModule = (module: string) => Promise<Record<string, unknown>>

export function targetsFrom(load: LoadModule): Promise<FuzzTarget[]>
