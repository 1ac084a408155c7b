import { MeshError } from '../errors/mesh-error.ts'
import type { OperationOptions, Operations, Settle } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { packetDataBytesMax } from '../wire/mesh-packet.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'
import { ReceivedBody } from './received-body.ts'
import { decodeNetError, decodeThrown } from './remote-error.ts'

/** What `dataType` says on a reply between members; toward plain nodes it stays unset. */
export const replyTypes = { reply: 1, error: 2 } as const

/** Of a call and of each answer between members: 16 MiB. */
export const bodyBytesMax = 16_777_216
/** In one packet: to a relay, or to a node under a name of its own choice. */
export const packetBodyBytesMax: number = packetDataBytesMax
/** Plain nodes fall over beyond about 4 080 bytes with the header. */
export const plainBodyBytesMax = 4_000
export const requestTimeoutMs = 10_000
/** Hints from nodes on the way that are kept for the TIMEOUT. */
const hintsMax = 8

/** The answer to a call. */
export class Reply extends ReceivedBody {}

export interface RequestOptions extends OperationOptions {
  /** In order of preference: the next one is asked only when the packet did not even leave for the one before. */
  readonly targets: readonly string[]
  readonly service: string
  readonly bytes: Uint8Array
}

/** One packet out, one answer back: what messages, pings and questions are made of. */
export class Requests {
  readonly #operations: Operations

  constructor(operations: Operations) {
    this.#operations = operations
  }

  send(router: Router, request: RequestOptions): Promise<Reply> {
    const { targets, service, bytes, signal, timeoutMs = requestTimeoutMs } = request
    const hints: string[] = []
    let asked = targets[0] ?? ''
    return this.#operations.run<Reply>({
      signal,
      timeoutMs,
      timedOut: () => new MeshError('TIMEOUT', `no answer from ${asked} to '${service}' within ${timeoutMs} ms`, { tried: hints }),
      begin(settle) {
        let unsent = new MeshError('NO_ROUTE', `nobody to send '${service}' to`)
        for (const target of targets) {
          asked = target
          const sealed = router.seals(target)
          const heard = (packet: DecodedPacket, arrival: Arrival): void =>
            settleWith(answered(target, packet, arrival, sealed), settle, hints)
          const context = router.registerContext(heard, { from: target })
          const error = router.send({ service, destAddr: target, contextID: context, data: bytes })
          if (!error) return () => router.releaseContext(context)
          router.releaseContext(context)
          hints.push(`${target}: ${error.code} ${error.message}`)
          unsent = error
        }
        settle.reject(targets.length > 1 ? new MeshError(unsent.code, unsent.message, { tried: hints }) : unsent)
        return undefined
      },
    })
  }
}

function settleWith(said: Answered, settle: Settle<Reply>, hints: string[]): void {
  if (said.kind === 'reply') settle.resolve(said.reply)
  else if (said.kind === 'error') settle.reject(said.error)
  else if (said.kind === 'hint' && hints.length < hintsMax) hints.push(said.text)
}

/** What a packet to the context of a request means. `other`: nothing to it. */
export type Answered =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'error'; readonly error: MeshError }
  | { readonly kind: 'hint'; readonly text: string }
  | { readonly kind: 'other' }

/** `sealed`: what the target says counts only in a session. */
export function answered(target: string, packet: DecodedPacket, arrival: Arrival, sealed = false): Answered {
  const from = packet.srcAddr ?? ''
  if (packet.netState === netStates.error) {
    const error = decodeNetError(packet.data, from)
    if (from === target && (arrival.verified || !sealed)) return { kind: 'error', error }
    // A node on the way may be wrong about a path that another node repairs: only a hint.
    return { kind: 'hint', text: `${from}: ${error.code} ${error.message}` }
  }
  if (from !== target) return { kind: 'other' }
  const thrown = packet.dataType === replyTypes.error && !arrival.plain
  return thrown
    ? { kind: 'error', error: decodeThrown(packet.data ?? new Uint8Array(), from) }
    : { kind: 'reply', reply: new Reply(packet, arrival) }
}
