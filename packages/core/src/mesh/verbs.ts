import { optionsFault } from '../errors/known-options.ts'
import type { OperationOptions } from '../async/operations.ts'
import type { RemoteFunctions, RemoteFunctionsOfEach, UnknownFunctions } from '../functions/function-types.ts'
import type { SeveralTargets } from '../membership/targets.ts'
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
  /** Of `to`: as in the options of `call`. */
  readonly idempotent?: boolean | string | undefined
}

const verbOptions: readonly string[] = ['signal', 'timeoutMs', 'ttlMs', 'idempotent'] satisfies (keyof VerbOptions)[]

/** The verbs that take any number of parts or arguments, with options that never mix with these. */
export class Verbs {
  readonly #rooms: MeshRooms
  readonly #options: VerbOptions

  /** Use `mesh.with`. Throws INVALID_OPTION. */
  constructor(rooms: MeshRooms, options: VerbOptions) {
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

  /** As `mesh.to`. */
  to<Api extends object = UnknownFunctions>(targets: SeveralTargets): RemoteFunctionsOfEach<Api>
  to<Api extends object = UnknownFunctions>(target: string): RemoteFunctions<Api>
  to(target: string | readonly string[]): object {
    return remoteFunctions(this.#rooms, target, this.#options)
  }

  /** As `mesh.broadcast`. */
  broadcast(...parts: MessagePart[]): Promise<{ readonly id: string }> {
    return this.#rooms.whenStarted(this.#options, async () => this.#rooms.messages.broadcast(parts))
  }
}
