import type { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import { netStates, type Packet } from '../wire/packet.ts'
import type { FramePort } from './frame-port.ts'

/** The life of a link with a plain ALN node at its other end: what it says goes to the owner, who answers here. */
export class PlainLife {
  /** What it calls itself. */
  address = ''
  readonly #port: FramePort
  readonly #clock: Clock
  #full = false
  #scheduled = false

  constructor(port: FramePort, clock: Clock) {
    this.#port = port
    this.#clock = clock
  }

  /** It has not taken yet what it was sent. */
  get full(): boolean {
    return this.#full
  }

  /** Also when its channel is full: for what is said seldom. */
  send(packets: readonly Packet[]): void {
    this.#full = !this.#port.sendPlain(packets)
  }

  /** One that passes. What is ready in one turn leaves together, and nothing waits for company. */
  pass(packet: Packet): void {
    if (!this.#port.addPlain(packet)) this.#full = true
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.soon(() => this.flush())
  }

  flush(): void {
    this.#scheduled = false
    if (!this.#port.flush()) this.#full = true
  }

  /** `srcAddr`: who refuses it. */
  refuse({ code, message }: MeshError, srcAddr: string): void {
    this.#port.sendPlain([{ netState: netStates.error, srcAddr, data: `${code} ${message}` }])
  }

  drained(): void {
    this.#full = false
  }
}
