// Hands a packet that has arrived to who waits for it, in this order: the reply to a pending request of that very
// source; a local service; a registered context; else the origin hears an error. An error goes to the context it names.

import { utf8Length } from '../../bytes/utf8-length.ts'
import { MeshError } from '../../errors/mesh-error.ts'
import { serviceNameBytesMax, servicesMax as advertisedServicesMax } from '../../identity/record-bounds.ts'
import type { Dice } from '../../ports/dice.ts'
import { netStates, type DecodedPacket } from '../../wire/packet.ts'
import { Contexts } from './contexts.ts'
import type { Arrival, PacketHandler } from '../routing-types.ts'

/** Services of one node, the internal ones included. */
export const servicesMax = 64

export interface LocalService {
  readonly handler: PacketHandler
  /** 1 … 127. */
  load: number
  /** Plain nodes may see and call it. */
  readonly plain: boolean
}

export class Dispatcher {
  readonly contexts: Contexts
  readonly services: Map<string, LocalService> = new Map()
  readonly #failed: (packet: DecodedPacket, error: unknown) => void

  constructor(dice: Dice, failed: (packet: DecodedPacket, error: unknown) => void) {
    this.contexts = new Contexts(dice)
    this.#failed = failed
  }

  /** Throws INVALID_OPTION for a name that cannot be advertised, QUEUE_FULL above `servicesMax`. */
  register(name: string, service: LocalService): void {
    const bytes = utf8Length(name)
    if (bytes === 0 || bytes > serviceNameBytesMax) {
      throw new MeshError('INVALID_OPTION', `a service name takes 1 … ${serviceNameBytesMax} bytes, not ${bytes}`)
    }
    if (!this.services.has(name)) {
      const advertised = [...this.services.keys()].filter((known) => !known.startsWith('$')).length
      if (this.services.size >= servicesMax || (!name.startsWith('$') && advertised >= advertisedServicesMax)) {
        throw new MeshError('QUEUE_FULL', `a node offers at most ${advertisedServicesMax} services`)
      }
    }
    this.services.set(name, service)
  }

  /** Undefined: somebody took it. Else the code for the origin. */
  deliver(packet: DecodedPacket, arrival: Arrival): 'NO_SERVICE' | 'NO_HANDLER' | undefined {
    const context = packet.contextID === undefined ? undefined : this.contexts.get(packet.contextID)
    if (packet.netState === netStates.error) {
      if (context) this.#call(context.handler, packet, arrival)
      return undefined
    }
    if (context?.from !== undefined && context.from === packet.srcAddr && !packet.service) {
      this.#call(context.handler, packet, arrival)
      return undefined
    }
    const service = packet.service ? this.services.get(packet.service) : undefined
    if (service && (service.plain || !arrival.plain)) {
      this.#call(service.handler, packet, arrival)
      return undefined
    }
    if (context && context.from === undefined) {
      this.#call(context.handler, packet, arrival)
      return undefined
    }
    return packet.service ? 'NO_SERVICE' : 'NO_HANDLER'
  }

  #call(handler: PacketHandler, packet: DecodedPacket, arrival: Arrival): void {
    try {
      const result = handler(packet, arrival)
      if (result instanceof Promise) result.catch((error: unknown) => this.#failed(packet, error))
    } catch (error) {
      this.#failed(packet, error)
    }
  }
}
