import type { Channel } from '../channel/channel.ts'

/** What `pair` takes. */
export interface PairOptions {
  /** In the words of the environment: of Web Bluetooth, of Web Serial. Absent: whatever may speak ALN. */
  readonly filters?: readonly unknown[] | undefined
  /** Aborting it rejects the pairing with ABORTED. A chooser that is open stays open; its answer is ignored. */
  readonly signal?: AbortSignal | undefined
}

/** A device that a person has chosen, now or before. */
export interface Device {
  /** The same for the same device as long as the environment remembers it. */
  readonly id: string
  /** For people. Text of a stranger: never markup. */
  readonly name: string
  /** A fresh channel to it. Rejects with a MeshError (LINK_FAILED); the signal aborts. */
  open(signal: AbortSignal): Promise<Channel>
  /** The environment shall not remember it any more. */
  forget?(): Promise<void>
}

/** The port to devices beside this node that a person must choose: Bluetooth and serial ones. */
export interface DeviceDialer {
  readonly medium: 'bluetooth' | 'serial'
  /**
   * Asks the person, within this very call: choosers open only inside a click. Rejects with PAIRING_DISMISSED,
   * INVALID_OPTION, or NO_BLUETOOTH or NO_SERIAL with what is missing.
   */
  choose(options: PairOptions): Promise<Device>
  /** Devices chosen before, where the environment remembers them. */
  remembered?(): Promise<readonly Device[]>
}
