import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import type { Log } from '../ports/log.ts'
import { describeThrown } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival, PacketHandler } from '../routing/routing-types.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'
import { bodyBytes, type BodyInput } from './body.ts'
import { ReceivedBody } from './received-body.ts'
import { encodeNetError, encodeThrown } from './remote-error.ts'
import { bodyBytesMax, plainBodyBytesMax, replyTypes } from './requests.ts'

/** What a handler is given. */
export class Request extends ReceivedBody {}

/** Answers with text, bytes or nothing, now or later. What it throws reaches the caller as REMOTE_ERROR. */
export type RequestHandler = (request: Request) => BodyInput | Promise<BodyInput>

/** A packet handler for the router out of a handler of requests: it always answers, and never throws. */
export function answering(router: Router, handler: RequestHandler, log: Log): PacketHandler {
  return async (packet, arrival) => {
    const answer = new Answer(router, packet, arrival)
    if (log.level >= 5) log.write(5, 'services', `'${packet.service}' asked by ${packet.srcAddr}, ${packet.data?.length ?? 0} bytes`)
    let returned: unknown
    try {
      returned = await handler(new Request(packet, arrival))
    } catch (error) {
      if (log.level >= 3) log.write(3, 'services', `the handler of '${packet.service}' failed: ${describeThrown(error)}`, error)
      return answer.threw(error)
    }
    const bytes = bodyBytes(returned)
    if (!bytes) {
      log.write(
        1,
        'services',
        `the handler of '${packet.service}' returned ${typeof returned}: it must be a string, a Uint8Array or undefined`,
      )
      return answer.failed('HANDLER_FAILED', `the handler returned ${typeof returned}, not a string, bytes or undefined`)
    }
    if (bytes.length > answer.bytesMax) return answer.failed('TOO_LARGE', `the answer has ${bytes.length} bytes, ${answer.bytesMax} fit`)
    answer.reply(bytes)
  }
}

/** The way back to who asked, in the words that it understands: a plain node's or a member's. */
class Answer {
  readonly #router: Router
  readonly #to: { destAddr: string; contextID: number | undefined }
  readonly #plain: boolean
  readonly #wanted: boolean

  constructor(router: Router, packet: DecodedPacket, arrival: Arrival) {
    this.#router = router
    this.#to = { destAddr: packet.srcAddr ?? '', contextID: packet.contextID }
    this.#plain = arrival.plain
    // A member that gave no context wants no answer; a plain one may listen without (aln-nodejs does).
    this.#wanted = packet.srcAddr !== undefined && packet.srcAddr !== '' && (arrival.plain || packet.contextID !== undefined)
  }

  get bytesMax(): number {
    return this.#plain ? plainBodyBytesMax : bodyBytesMax
  }

  reply(data: Uint8Array): void {
    // Nothing, to nobody's question: a sensor's radio is too slow to hear that at each of its readings.
    if (data.length === 0 && this.#to.contextID === undefined) return
    if (this.#wanted) this.#router.send(this.#plain ? { ...this.#to, data } : { ...this.#to, dataType: replyTypes.reply, data })
  }

  threw(thrown: unknown): void {
    if (!this.#wanted) return
    if (this.#plain) this.failed('HANDLER_FAILED', thrown instanceof MeshError ? thrown.message : describeThrown(thrown))
    else this.#router.send({ ...this.#to, dataType: replyTypes.error, data: encodeThrown(thrown) })
  }

  /** Not the handler's own error but ours. */
  failed(code: MeshErrorCode, text: string): void {
    if (this.#wanted) this.#router.send({ netState: netStates.error, ...this.#to, data: encodeNetError(code, text) })
  }
}
