import { optionsFault } from '../errors/known-options.ts'
import type { OperationOptions } from '../async/operations.ts'
import type { RemoteFunctions, RemoteFunctionsOfEach, UnknownFunctions } from '../functions/function-types.ts'
import type { SeveralTargets } from '../membership/targets.ts'
import type { SaidAs, Whispered } from '../broadcast/broadcasts.ts'
import type { BodyInput } from '../calls/body.ts'
import type { CallReplies } from '../calls/call-replies.ts'
import type { Reply } from '../calls/requests.ts'
import type { MessagePart } from '../messages/message-codec.ts'
import type { Sent, SentToSeveral } from '../messages/message.ts'
import type { MeshRooms } from './mesh-rooms.ts'
import { remoteFunctions } from './remote-functions.ts'

/** What `mesh.with` takes. A verb reads what concerns it. */
export interface VerbOptions extends OperationOptions {
  /**
   * Of `send`: how long the message is kept for a member that is away, in milliseconds; 0: not at all, then `send` rejects with NO_ROUTE
   * or TIMEOUT. Default and most: 7 days.
   */
  readonly ttlMs?: number | undefined
  /** Of `to` and `call`: as in the options of `call`. */
  readonly idempotent?: boolean | string | undefined
  /** Of `broadcast`: whoever has it says so. Default false. */
  readonly receipts?: boolean | undefined
  /** Of `broadcast`: others keep it for those who are away. Default true. */
  readonly retain?: boolean | undefined
}

const verbOptions: readonly string[] = ['signal', 'timeoutMs', 'ttlMs', 'idempotent', 'receipts', 'retain'] satisfies (keyof VerbOptions)[]

/** The verbs that take any number of parts or arguments, with options that never mix with these. */
export class Verbs<O extends VerbOptions = VerbOptions> {
  readonly #rooms: MeshRooms
  readonly #options: O

  /** Use `mesh.with`. Throws INVALID_OPTION. */
  constructor(rooms: MeshRooms, options: O) {
    const fault = optionsFault(options, verbOptions)
    if (fault) throw fault
    this.#rooms = rooms
    this.#options = options
  }

  /** As `mesh.send`. `timeoutMs` is how long an answer is waited for before the message is stored. */
  send(target: string, ...parts: MessagePart[]): Promise<Sent>
  send(targets: readonly string[], ...parts: MessagePart[]): Promise<SentToSeveral>
  send(target: string | readonly string[], ...parts: MessagePart[]): Promise<Sent | SentToSeveral> {
    return this.#rooms.whenStarted(this.#options, () => this.#rooms.messages.sendTo(target, parts, this.#options))
  }

  /** As `mesh.call`. */
  call(service: string, body?: BodyInput): CallReplies<Reply> {
    const { signal, timeoutMs, idempotent } = this.#options
    return this.#rooms.serviceCalls.call(service, body, { signal, timeoutMs, idempotent })
  }

  /** As `mesh.to`. */
  to<Api extends object = UnknownFunctions>(targets: SeveralTargets): RemoteFunctionsOfEach<Api>
  to<Api extends object = UnknownFunctions>(target: string): RemoteFunctions<Api>
  to(target: string | readonly string[]): object {
    return remoteFunctions(this.#rooms, target, this.#options)
  }

  /** As `mesh.broadcast`. With `receipts` who has it and who has not comes with it: live sets, and a promise for the end of it. */
  broadcast(...parts: MessagePart[]): Promise<SaidAs<O>> {
    return this.#rooms.whenStarted(this.#options, () => this.#rooms.broadcasts.broadcast(parts, this.#options))
  }

  /** As `mesh.whisper`. */
  whisper(...parts: MessagePart[]): Promise<Whispered> {
    return this.#rooms.whenStarted(this.#options, () => this.#rooms.broadcasts.whisper(parts))
  }
}
