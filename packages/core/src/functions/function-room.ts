// Functions with arguments, by name: those that are registered here, and those of others as if they were.

import { utf8Length } from '../bytes/utf8-length.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { MemberCallOptions } from '../calls/call-options.ts'
import type { Calls } from '../calls/calls.ts'
import { callNameBytesMax } from '../calls/call-codec.ts'
import { bodyBytesMax } from '../calls/requests.ts'
import { reported } from '../calls/reported-handler.ts'
import type { Request } from '../calls/request.ts'
import { shownName } from '../calls/one-line.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { isReservedName } from './function-proxy.ts'
import type { AnyFunctions, FunctionContextOf, FunctionHandlers } from './function-types.ts'
import { decodeValue, encodeValue } from './value-codec.ts'

/** Of one node. */
export const functionsMax = 1_024

/** Functions while they can be called. */
export interface FunctionRegistration {
  /** Withdraws them. Idempotent. */
  close(): void
  [Symbol.dispose](): void
}

/** `mesh.functions`: what others can call here by name. */
export interface Functions<C> {
  /**
   * Offers functions; before `ready` too. Each is given the context (who calls) in front of its arguments. What it throws reaches the caller as
   * REMOTE_ERROR, with name, code and message. Arguments and results: what JSON can hold, and undefined, bigint, Date, Map, Set,
   * ArrayBuffer and typed arrays, nested, up to 16 MiB. Throws INVALID_OPTION for a name that is taken or cannot be.
   */
  register<Api extends object = AnyFunctions>(functions: FunctionHandlers<NoInfer<Api>, C>): FunctionRegistration
  /** The names that can be called here now. */
  list(): readonly string[]
}

export interface FunctionRoomOptions<C> {
  readonly calls: Calls
  report(error: MeshError): void
  context(request: Request): C
}

type Handler<C> = (ctx: C, ...args: unknown[]) => unknown

export class FunctionRoom<C> implements Functions<C> {
  readonly #options: FunctionRoomOptions<C>
  readonly #functions = new Map<string, Handler<C>>()

  constructor(options: FunctionRoomOptions<C>) {
    this.#options = options
    options.calls.serve('function', {
      find: (name) => {
        const handler = this.#functions.get(name)
        return handler && ((request) => this.#run(handler, request))
      },
      encode: (value) => {
        const bytes = encodeValue(value)
        return bytes instanceof MeshError ? new MeshError('HANDLER_FAILED', `the result of the function: ${bytes.message}`) : bytes
      },
      many: false,
      missing: 'NO_FUNCTION',
      report: (error) => options.report(error),
    })
  }

  register<Api extends object = AnyFunctions>(functions: FunctionHandlers<NoInfer<Api>, C>): FunctionRegistration {
    if (typeof functions !== 'object' || functions === null)
      throw new MeshError('INVALID_OPTION', 'functions are registered as an object: { name: (ctx, …) => … }')
    const entries = Object.entries(functions as Record<string, Handler<C>>)
    for (const [name, handler] of entries) this.#check(name, handler)
    if (this.#functions.size + entries.length > functionsMax)
      throw new MeshError('QUEUE_FULL', `a node offers at most ${functionsMax} functions`)
    const report = (error: MeshError): void => this.#options.report(error)
    const offered = entries.map(([name, handler]) => [name, reported(`the function '${name}'`, handler, report)] as const)
    for (const [name, handler] of offered) this.#functions.set(name, handler)
    const close = (): void => {
      for (const [name, handler] of offered) if (this.#functions.get(name) === handler) this.#functions.delete(name)
    }
    return { close, [Symbol.dispose]: close }
  }

  list(): readonly string[] {
    return [...this.#functions.keys()]
  }

  /** What a function of the member at `address` gives. `args` were encoded. */
  async call(address: string, call: { name: string; args: Uint8Array }, options: MemberCallOptions): Promise<unknown> {
    const { name, args } = call
    const reply = await this.#options.calls.callOne(address, { space: 'function', name, body: args }, options)
    const decoded = decodeValue(reply.bytes)
    if (isWireFault(decoded))
      throw new MeshError('WIRE_FAULT', `the result of '${shownName(name)}' of ${address} cannot be read: ${decoded.detail}`)
    return decoded.value
  }

  #run(handler: Handler<C>, request: Request): unknown {
    const decoded = decodeValue(request.bytes)
    if (isWireFault(decoded)) throw new MeshError('WIRE_FAULT', `the arguments cannot be read: ${decoded.detail}`)
    if (!Array.isArray(decoded.value)) throw new MeshError('WIRE_FAULT', 'the arguments are not a list')
    return handler(this.#options.context(request), ...(decoded.value as unknown[]))
  }

  #check(name: string, handler: unknown): void {
    const shown = shownName(name)
    if (name === '' || utf8Length(name) > callNameBytesMax)
      throw new MeshError('INVALID_OPTION', `the name of a function is a text of 1 to ${callNameBytesMax} bytes`)
    if (isReservedName(name))
      throw new MeshError('INVALID_OPTION', `'${shown}' cannot be the name of a function: JavaScript asks objects for it`)
    if (typeof handler !== 'function')
      throw new MeshError('INVALID_OPTION', `the function '${shown}' is not a function but ${typeof handler}`)
    if (this.#functions.has(name)) throw new MeshError('INVALID_OPTION', `the function '${shown}' is registered already: close() it first`)
  }
}

/** The arguments of a call, for one or several targets. Throws INVALID_OPTION or TOO_LARGE. */
export function encodeArguments(name: string, args: readonly unknown[]): Uint8Array {
  if (utf8Length(name) > callNameBytesMax)
    throw new MeshError(
      'INVALID_OPTION',
      `the name of a function is a text of 1 to ${callNameBytesMax} bytes, not of ${name.length} characters`,
    )
  const bytes = encodeValue(args)
  if (bytes instanceof MeshError) throw bytes
  if (bytes.length > bodyBytesMax)
    throw new MeshError('TOO_LARGE', `the arguments have ${bytes.length} bytes, ${bodyBytesMax} fit in a call`)
  return bytes
}

/** What a function is given first, of a mesh of type `M`. */
export function contextOf<M>(mesh: M, request: Request): FunctionContextOf<M> {
  const { from, verified, deadline } = request
  return {
    mesh,
    caller: from,
    verified,
    deadline,
    get signal() {
      return request.signal
    },
  }
}
