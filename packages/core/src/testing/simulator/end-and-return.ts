import type { SimNetwork } from './sim-network.ts'

export interface RestartOptions {
  /** Its neighbours hear of its end. */
  readonly told: boolean
  /** Says first that it leaves. */
  readonly leaving: { close(): Promise<void> } | undefined
  /** Longer than a polite close may take. */
  readonly awayMs: number
  start(): void
}

/** The process of a node ends, and begins again some time later. */
export function endAndReturn(network: SimNetwork, name: string, { told, leaving, awayMs, start }: RestartOptions): void {
  if (leaving) {
    network.note(`${name} says that it leaves`)
    void leaving.close().then(() => network.kill(name, told))
  } else network.kill(name, told)
  network.clock.setTimer(awayMs, () => {
    network.kill(name, told)
    network.note(`${name} returns`)
    start()
  })
}
