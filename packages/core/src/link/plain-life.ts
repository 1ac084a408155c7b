import type { MeshError } from '../errors/mesh-error.ts'
import { netStates, type Packet } from '../wire/packet.ts'
import type { FramePort } from './frame-port.ts'

/** The life of a link with a plain ALN node at its other end: what it says goes to the owner, who answers here. */
export class PlainLife {
  /** What it calls itself. */
  address = ''
  readonly #port: FramePort
  #full = false

  constructor(port: FramePort) {
    this.#port = port
  }

  /** It has not taken yet what it was sent. */
  get full(): boolean {
    return this.#full
  }

  /** Also when its channel is full: for what is said seldom. */
  send(packets: readonly Packet[]): void {
    this.#full = !this.#port.sendPlain(packets)
  }

  /** `srcAddr`: who refuses it. */
  refuse({ code, message }: MeshError, srcAddr: string): void {
    this.#port.sendPlain([{ netState: netStates.error, srcAddr, data: `${code} ${message}` }])
  }

  drained(): void {
    this.#full = false
  }
}
