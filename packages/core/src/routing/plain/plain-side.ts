import { run, wait, type Steps } from '../../async/awaitable.ts'
import { MeshError } from '../../errors/mesh-error.ts'
import type { Link } from '../../link/link.ts'
import type { PlainEdge, PlainEdgePort, PlainRefusal } from '../../plain-edge/plain-edge.ts'
import type { Awaitable } from '../../ports/crypto.ts'
import type { Packet } from '../../wire/packet.ts'
import type { PlainPart } from './plain-part.ts'

/** The side of a router where plain nodes may be: nothing before the first channel that may lead to one. */
export class PlainSide {
  readonly #port: PlainEdgePort
  readonly #load: (() => Awaitable<PlainPart>) | undefined
  #edge: PlainEdge | undefined

  constructor(port: PlainEdgePort, load: (() => Awaitable<PlainPart>) | undefined) {
    this.#port = port
    this.#load = load
  }

  /** Undefined: no neighbour may be a plain one so far. */
  get edge(): PlainEdge | undefined {
    return this.#edge
  }

  /** To be called before such a channel is read. Throws, or rejects with, PLAIN_REFUSED or why it cannot be loaded. */
  open(): Awaitable<PlainPart> {
    return run(this.#open())
  }

  /** A packet to a host behind this node. A code: it did not leave. */
  send(packet: Packet, destination: string, from?: Link): PlainRefusal | undefined {
    return this.#edge ? this.#edge.send(packet, destination, from) : 'NO_ROUTE'
  }

  *#open(): Steps<PlainPart> {
    if (!this.#load) throw new MeshError('PLAIN_REFUSED', 'this node does not speak plain ALN')
    const part = yield* wait(this.#load())
    this.#edge ??= new part.PlainEdge(this.#port)
    return part
  }
}
