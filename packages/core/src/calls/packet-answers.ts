// Answering who asks by a bare packet: plain ALN nodes, and members' questions of the library itself. Calls of members are in
// answered-calls.ts.

import { Cancellation } from '../async/cancellation.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import type { Log } from '../ports/log.ts'
import { describeThrown } from '../async/operations.ts'
import type { Router } from '../routing/router.ts'
import type { Arrival, PacketHandler } from '../routing/routing-types.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'
import { bodyBytes } from './body.ts'
import { encodeNetError, encodeThrown } from './remote-error.ts'
import { isAsyncIterable, Request, type RequestHandler } from './request.ts'
import { bodyBytesMax, packetBodyBytesMax, plainBodyBytesMax, replyTypes } from './requests.ts'

/** Answers of one generator to somebody who cannot hold it back; there it ends. */
export const answersUnaskedMax = 1_000

/**
 * A packet handler for the router out of a handler of requests: it always answers, and never throws. Who asks by a packet (plain
 * nodes do) gives no deadline, and cannot take back what it asked.
 */
export function answering(router: Router, handler: RequestHandler, log: Log): PacketHandler {
  return async (packet, arrival) => {
    const answer = new Answer(router, packet, arrival)
    if (log.level >= 5) log.write(5, 'calls', `'${packet.service}' asked by ${packet.srcAddr}, ${packet.data?.length ?? 0} bytes`)
    try {
      const limits = { cancellation: new Cancellation(), deadline: undefined }
      const returned: unknown = await handler(new Request(packet, arrival, limits))
      if (isAsyncIterable(returned)) await answerEach(returned, (value) => answerOnce(answer, value, { log, name: packet.service }))
      else answerOnce(answer, returned, { log, name: packet.service })
    } catch (error) {
      if (log.level >= 3) log.write(3, 'calls', `the handler of '${packet.service}' failed: ${describeThrown(error)}`, error)
      // The library's own services mean their codes.
      if (packet.service?.startsWith('$') === true && error instanceof MeshError) answer.failed(error.code, error.message)
      else answer.threw(error)
    }
  }
}

async function answerEach(values: AsyncIterable<unknown>, say: (value: unknown) => boolean): Promise<void> {
  let count = 0
  for await (const value of values) {
    count += 1
    if (!say(value) || count >= answersUnaskedMax) return
  }
}

/** False: it did not leave. */
function answerOnce(answer: Answer, returned: unknown, { log, name }: { log: Log; name: string | undefined }): boolean {
  const bytes = encodeReturned(returned)
  if (bytes instanceof MeshError) {
    log.write(1, 'calls', `the handler of '${name}': ${bytes.message}`)
    answer.failed('HANDLER_FAILED', bytes.message)
    return false
  }
  if (bytes.length <= answer.bytesMax) return answer.reply(bytes)
  answer.failed('TOO_LARGE', `the answer has ${bytes.length} bytes, ${answer.bytesMax} fit`)
  return false
}

/** The body of an answer. A MeshError: a handler must not return such a thing. */
export function encodeReturned(returned: unknown): Uint8Array | MeshError {
  const what = returned === null ? 'null' : typeof returned
  return bodyBytes(returned) ?? new MeshError('HANDLER_FAILED', `the handler returned ${what}, not a string, a Uint8Array or undefined`)
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
    if (this.#plain) return plainBodyBytesMax
    return this.#router.seals(this.#to.destAddr) ? bodyBytesMax : packetBodyBytesMax
  }

  reply(data: Uint8Array): boolean {
    // Nothing, to nobody's question: a sensor's radio is too slow to hear that at each of its readings.
    if (data.length === 0 && this.#to.contextID === undefined) return true
    if (!this.#wanted) return false
    return !this.#router.send(this.#plain ? { ...this.#to, data } : { ...this.#to, dataType: replyTypes.reply, data })
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
