import { MeshError } from '../errors/mesh-error.ts'
import type { OperationOptions, Operations, Settle } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'
import { ReceivedBody } from './received-body.ts'
import { decodeNetError, decodeThrown } from './remote-error.ts'

/** What `dataType` says on a reply between members; toward plain nodes it stays unset. */
export const replyTypes = { reply: 1, error: 2 } as const

export const bodyBytesMax = 16_384
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

/** One packet out, one answer back: what calls, messages and pings are made of. */
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
          const context = router.registerContext((packet, arrival) => answered({ target, hints, settle, sealed }, packet, arrival), {
            from: target,
          })
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

interface Asked {
  readonly target: string
  readonly hints: string[]
  readonly settle: Settle<Reply>
  /** What the target says counts only in a session. */
  readonly sealed: boolean
}

function answered({ target, hints, settle, sealed }: Asked, packet: DecodedPacket, arrival: Arrival): void {
  const from = packet.srcAddr ?? ''
  if (packet.netState === netStates.error) {
    const error = decodeNetError(packet.data, from)
    if (from === target && (arrival.verified || !sealed)) settle.reject(error)
    // A node on the way may be wrong about a path that another node repairs: only a hint.
    else if (hints.length < hintsMax) hints.push(`${from}: ${error.code} ${error.message}`)
    return
  }
  if (from !== target) return
  if (packet.dataType === replyTypes.error && !arrival.plain) settle.reject(decodeThrown(packet.data ?? new Uint8Array(), from))
  else settle.resolve(new Reply(packet, arrival))
}
