import type { Router } from '../../routing/router.ts'
import type { DecodedPacket } from '../../wire/packet.ts'
import type { PlainRouterModel } from '../plain-models/plain-router-model.ts'

/** A node that can ask another one to say its words back, of whatever kind both are. */
export interface End {
  readonly name: string
  readonly address: string
  ask(other: End, data: string, answered: () => void): void
}

export function oursAsEnd(name: string, router: Router): End {
  return {
    name,
    address: router.address,
    ask({ address }, data, answered) {
      const contextID = router.registerContext((packet) => heard(packet, data, answered), { from: address })
      router.send({ destAddr: address, service: 'echo', contextID, data })
    },
  }
}

export function plainAsEnd(name: string, model: PlainRouterModel): End {
  return {
    name,
    address: name,
    ask({ address }, data, answered) {
      const contextID = 2 + model.contexts
      model.registerContext(contextID, (packet) => heard(packet, data, answered))
      model.send({ destAddr: address, service: 'echo', contextID, data })
    },
  }
}

function heard(packet: DecodedPacket, asked: string, answered: () => void): void {
  if (new TextDecoder().decode(packet.data) === asked) answered()
}
