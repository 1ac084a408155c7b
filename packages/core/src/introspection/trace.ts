// The way that packets take, found by packets that end early: each of them may cross one link more than the last, and the
// node where it ends says so (HOP_LIMIT), as it does for every packet. So nothing on the way needs to know what a trace is,
// and no table is asked: it is the way itself.

import { MeshError } from '../errors/mesh-error.ts'
import { asMeshError, type OperationOptions, type Operations, type Settle } from '../async/operations.ts'
import type { Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import { traceService, type Destination, type PeerKind } from '../routing/routing-types.ts'
import { decodeNetError } from '../calls/remote-error.ts'
import { hopLimitStart } from '../wire/mesh-packet.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'

/** A probe without an answer is sent again after this time … */
export const probeEveryMs = 1_000
/** … so many times in all; then the hop counts as silent. */
export const probesMax = 3

/** One node on the way. */
export interface TraceHop {
  /** How many links away; 1 is a neighbour. */
  readonly hop: number
  /** As the node there says, which nobody on the way has checked. Undefined: nobody at this distance said who it is. */
  readonly address: Address | undefined
  /** What it calls itself; '' when that is not known. Text of a stranger: never markup. */
  readonly name: string
  readonly kind: PeerKind | undefined
  /** There and back. Undefined where nobody answered: a lost packet, a busy node, or a plain one, which does not know the question. */
  readonly roundTripMs: number | undefined
}

/** The way to a node. */
export interface Trace {
  readonly address: Address
  /** The node there says that it is the target, which nobody has checked; for a plain node, its gateway says so. */
  readonly arrived: boolean
  /** In order from here, the target last when it arrived. Empty for oneself. */
  readonly hops: readonly TraceHop[]
  /** Why it did not arrive: NO_ROUTE (told by the last hop), HOP_LIMIT, TIMEOUT. */
  readonly error: MeshError | undefined
}

export interface TraceParts extends OperationOptions {
  readonly router: Router
  readonly clock: Clock
  readonly operations: Operations
  readonly timeoutMs: number
}

/** Resolves with what was found, also when the time is up; rejects with NO_ROUTE (here already), ABORTED, CLOSED, QUEUE_FULL. */
export function trace(target: string, { router, clock, operations, signal, timeoutMs }: TraceParts): Promise<Trace> {
  return operations.run<Trace>({
    signal,
    timeoutMs: Infinity,
    begin: (settle) => {
      if (target === router.address) {
        settle.resolve({ address: target as Address, arrived: true, hops: [], error: undefined })
        return undefined
      }
      const destination = router.destination(target)
      if (!destination) throw new MeshError('NO_ROUTE', `there is no route to ${target}`)
      const tracer = new Tracer(router, clock, destination, settle)
      tracer.start()
      const stopTimer = timeoutMs === Infinity ? undefined : clock.setTimer(timeoutMs, () => tracer.giveUp(timeoutMs))
      return () => {
        stopTimer?.()
        tracer.stop()
      }
    },
  })
}

/** What came of the packets that may cross so many links. */
interface Step {
  readonly contexts: number[]
  probes: number
  /** Who answered, and after how long; undefined: nobody yet. */
  answer: { readonly address: string; readonly roundTripMs: number } | undefined
  silent: boolean
  cancel: () => void
}

class Tracer {
  readonly #router: Router
  readonly #clock: Clock
  readonly #target: Destination
  /** Where the probes are sent: a plain node's gateway answers in its place. */
  readonly #probed: string
  readonly #settle: Settle<Trace>
  readonly #steps: Step[] = []
  /** The distance at which the way ends, once it is known. */
  #end: number | undefined
  #error: MeshError | undefined

  constructor(router: Router, clock: Clock, target: Destination, settle: Settle<Trace>) {
    this.#router = router
    this.#clock = clock
    this.#target = target
    this.#probed = target.gateway ?? target.address
    this.#settle = settle
  }

  /** As many probes as the table says are needed, at once; more when it was wrong. */
  start(): void {
    if (this.#probed === this.#router.address) this.#end = 0
    const expected = this.#router.destination(this.#probed)?.hops ?? 0
    while (this.#steps.length < Math.min(expected, hopLimitStart)) this.#step()
    this.#review()
  }

  giveUp(timeoutMs: number): void {
    this.#error ??= new MeshError('TIMEOUT', `${this.#target.address} was not reached within ${timeoutMs} ms`)
    this.#finish(this.#steps.length)
  }

  stop(): void {
    for (const step of this.#steps) this.#release(step)
  }

  #step(): void {
    const step: Step = { contexts: [], probes: 0, answer: undefined, silent: false, cancel: () => {} }
    this.#steps.push(step)
    this.#probe(step, this.#steps.length)
  }

  #probe(step: Step, hopLimit: number): void {
    step.probes++
    const unsent = this.#sent(step, hopLimit)
    // The route is gone, or this node is.
    if (unsent && unsent.code !== 'QUEUE_FULL') {
      this.#error = unsent
      return this.#finish(this.#steps.length)
    }
    step.cancel = this.#clock.setTimer(probeEveryMs, () => {
      if (step.probes < probesMax) return this.#probe(step, hopLimit)
      step.silent = true
      this.#review()
    })
  }

  #sent(step: Step, hopLimit: number): MeshError | undefined {
    const sentAt = this.#clock.now()
    const answered = (packet: DecodedPacket): void => this.#answered(step, hopLimit, packet, this.#clock.now() - sentAt)
    try {
      const contextID = this.#router.registerContext(answered, { from: this.#probed })
      step.contexts.push(contextID)
      return this.#router.send({ service: traceService, destAddr: this.#probed, contextID }, { hopLimit })
    } catch (error) {
      return asMeshError(error)
    }
  }

  #answered(step: Step, hop: number, packet: DecodedPacket, roundTripMs: number): void {
    const address = packet.srcAddr ?? ''
    step.answer = { address, roundTripMs }
    this.#release(step)
    if (address === this.#probed) return this.#endAt(hop)
    if (packet.netState !== netStates.error) return this.#review()
    const error = decodeNetError(packet.data, address)
    if (error.code === 'HOP_LIMIT') this.#review()
    else this.#endAt(hop, error)
  }

  /** The nearest end counts: a probe that may go further ends where a shorter one has ended already. */
  #endAt(hop: number, error?: MeshError): void {
    if (this.#end === undefined || hop < this.#end) {
      this.#end = hop
      this.#error = error
    }
    this.#review()
  }

  #review(): void {
    const end = this.#end ?? this.#steps.length
    const shown = this.#steps.slice(0, end)
    if (shown.some(({ answer, silent }) => !answer && !silent)) return
    if (this.#end === undefined) {
      const last = shown.at(-1)
      if (last && !last.answer) this.#error = new MeshError('TIMEOUT', `nobody answered ${end} links away`)
      else if (end < hopLimitStart) return this.#step()
      else this.#error = new MeshError('HOP_LIMIT', `${this.#target.address} is more than ${hopLimitStart} links away`)
    }
    this.#finish(end)
  }

  #finish(end: number): void {
    const hops = this.#steps.slice(0, end).map(({ answer }, index) => this.#hop(index + 1, answer?.address, answer?.roundTripMs))
    const arrived = this.#end !== undefined && this.#error === undefined
    const { address, gateway } = this.#target
    if (arrived && gateway !== undefined) {
      const behind = this.#target.hops - (this.#router.destination(gateway)?.hops ?? 0)
      for (let hop = 1; hop < behind; hop++) hops.push(this.#hop(end + hop, undefined, undefined))
      hops.push(this.#hop(hops.length + 1, address, undefined))
    }
    this.#settle.resolve({ address: address as Address, arrived, hops, error: arrived ? undefined : this.#error })
  }

  #hop(hop: number, address: string | undefined, roundTripMs: number | undefined): TraceHop {
    const known = address === undefined ? undefined : this.#router.destination(address)
    return { hop, address: address as Address | undefined, name: known?.name ?? '', kind: known?.kind, roundTripMs }
  }

  #release({ contexts, cancel }: Step): void {
    cancel()
    for (const context of contexts) this.#router.releaseContext(context)
  }
}
