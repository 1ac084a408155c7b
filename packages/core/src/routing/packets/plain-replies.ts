// Who may answer a request to a plain node. Nothing proves what plain nodes say; so what counts is where it comes in: the link that
// the request left by, or, when the way is another now, the one of the new way (SE17).

import { isMemberForm } from '../../identity/address.ts'
import type { Link } from '../../link/link.ts'
import type { DecodedPacket } from '../../wire/packet.ts'
import type { Contexts } from './contexts.ts'
import type { PlainSide } from '../plain/plain-side.ts'
import type { Reachability } from '../reachability.ts'
import type { RouteExchange } from '../exchange/route-exchange.ts'

export interface PlainRepliesParts {
  readonly address: string
  readonly contexts: Contexts
  readonly exchange: RouteExchange
  readonly reachability: Reachability
  readonly plainSide: PlainSide
}

export class PlainReplies {
  readonly #parts: PlainRepliesParts

  constructor(parts: PlainRepliesParts) {
    this.#parts = parts
  }

  /** A request of this node's own leaves over this link. */
  left(contextID: number | undefined, link: Link | undefined): void {
    const context = contextID === undefined ? undefined : this.#parts.contexts.get(contextID)
    if (context?.from !== undefined) context.leftBy = link
  }

  /** False: it is for a pending request, and comes another way than an answer would. `gateway`: who let it in, when that is another node. */
  mayCome({ contextID, service, srcAddr: source }: DecodedPacket, link: Link, gateway?: string): boolean {
    const context = contextID === undefined || service ? undefined : this.#parts.contexts.get(contextID)
    if (!source || isMemberForm(source) || context?.from !== source) return true
    const { address, exchange, reachability, plainSide } = this.#parts
    if (context.leftBy === link) return true
    // Also where this node prefers another gateway: the way back is for the plain nodes there to choose.
    if (gateway === undefined && plainSide.edge?.isLink(link)) return plainSide.edge.isNearest(link, source)
    // In a plain world with several gateways the answer may choose another one than the question, also one that tells of no way there
    // (L13). It has to come from where that gateway is, and not in place of a plain neighbour of this node.
    const end = gateway ?? source
    const leftHere = context.leftBy !== undefined && plainSide.edge?.isLink(context.leftBy)
    if (leftHere && reachability.wayToPlain(source)?.gateway === address) return false
    const routes = exchange.table.get(end)?.routes() ?? []
    return routes.some(({ neighbour }) => neighbour.link === link)
  }
}
