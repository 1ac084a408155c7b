import type { MemberRecord, PlainHost, ServiceAdvert } from '../identity/member-record.ts'
import { signRecord } from '../identity/signed-record.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import { run, wait, type Steps } from '../ports/awaitable.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { CapableIdentity } from './capable-identity.ts'

/** Changes within this time share one signature and one advert. */
export const recordEveryMs = 50

/** The parts of the record that change while the node lives. */
export interface RecordContents {
  readonly services: readonly ServiceAdvert[]
  readonly plainHosts: readonly PlainHost[]
}

export interface OwnRecordPort {
  contents(): RecordContents
  /** Signed anew. */
  changed(proof: ProvenRecord): void
  failed(error: unknown): void
}

/** This node's own signed record: signed anew, under a greater number, whenever what it says changes. */
export class OwnRecord {
  readonly #identity: CapableIdentity
  readonly #clock: Clock
  readonly #port: OwnRecordPort
  #seq48: number
  #current: ProvenRecord | undefined
  #signing: Awaitable<ProvenRecord> | undefined
  #cancelTimer: (() => void) | undefined
  #signedAt = Number.NEGATIVE_INFINITY

  constructor(identity: CapableIdentity, clock: Clock, port: OwnRecordPort) {
    this.#identity = identity
    this.#clock = clock
    this.#port = port
    this.#seq48 = identity.epoch * 65_536
  }

  /** The number that may be told: that of the last signed record. */
  get seq48(): number {
    return this.#current?.record.seq48 ?? this.#seq48
  }

  get current(): ProvenRecord | undefined {
    return this.#current
  }

  /** The signed record, once there is one. */
  bytes(): Awaitable<Uint8Array> {
    if (this.#current) return this.#current.bytes
    const signing = (this.#signing ??= this.#sign())
    return signing instanceof Promise ? signing.then((proof) => proof.bytes) : signing.bytes
  }

  /** What the record says has changed: it is signed again soon. */
  touch(): void {
    if (this.#cancelTimer) return
    const waitMs = Math.max(0, this.#signedAt + recordEveryMs - this.#clock.now())
    this.#cancelTimer = this.#clock.setTimer(waitMs, () => {
      this.#cancelTimer = undefined
      this.#renew()
    })
  }

  /** Somebody needs a number of at least `seq48`; one step at a time (R8), unless the clock of an earlier life ran ahead. */
  raise(seq48: number, farAhead = false): void {
    if (seq48 <= this.#seq48) return
    if (farAhead) this.#seq48 = seq48
    this.touch()
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  /** A record that cannot be signed (it does not fit, the key store failed) leaves the last one standing. */
  #renew(): void {
    this.#seq48 += 1
    try {
      const proof = this.#sign()
      if (proof instanceof Promise) proof.catch((error: unknown) => this.#port.failed(error))
    } catch (error) {
      this.#port.failed(error)
    }
  }

  #sign(): Awaitable<ProvenRecord> {
    this.#signedAt = this.#clock.now()
    return run(this.#signSteps())
  }

  *#signSteps(): Steps<ProvenRecord> {
    const { address, keyPair, exchangeKeys, network, kind, name, capabilities } = this.#identity
    const record: MemberRecord = {
      network, address, publicKey: keyPair.publicKey, exchangeKey: exchangeKeys.publicKey,
      seq48: this.#seq48, kind, name, capabilities, ...this.#port.contents(),
    }
    const proof = { record, bytes: yield* wait(signRecord(record, keyPair)) }
    // With an asynchronous port an older signature may come last: it is void.
    if (this.#current === undefined || this.#current.record.seq48 < record.seq48) {
      this.#current = proof
      this.#port.changed(proof)
    }
    return proof
  }
}
