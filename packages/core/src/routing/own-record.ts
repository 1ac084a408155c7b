import { sameBytes } from '../bytes/same-bytes.ts'
import {
  epochOf,
  lastSeq48Of,
  processOf,
  seq48Of,
  standsBefore,
  type MemberRecord,
  type PlainHost,
  type ServiceAdvert,
} from '../identity/member-record.ts'
import { signRecord } from '../identity/signed-record.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import { run, wait, type Steps } from '../async/awaitable.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { CapableIdentity } from './capable-identity.ts'

/** Changes within this time share one signature and one advert. */
export const recordEveryMs = 50
/** The greatest number there is. */
const seq48Most = 2 ** 48 - 1
/** As often as others may make this node sign (R8). */
const raiseEveryMs = 200

/** The parts of the record that change while the node lives. */
export interface RecordContents {
  readonly services: readonly ServiceAdvert[]
  readonly plainHosts: readonly PlainHost[]
}

export interface OwnRecordPort {
  /** To another process with this address whose number is greater. */
  readonly yields?: boolean | undefined
  contents(): RecordContents
  /** Signed anew. */
  changed(proof: ProvenRecord): void
  failed(error: unknown): void
}

/** This node's own signed record: signed anew, under a greater number, whenever what it says changes. One signature at a time. */
export class OwnRecord {
  readonly #identity: CapableIdentity
  readonly #clock: Clock
  readonly #port: OwnRecordPort
  /** The number that the next signature, or the one under way, is about. */
  #nextSeq48: number
  #current: ProvenRecord | undefined
  /** Signed ahead: a page that goes has no time to wait for a signature. */
  #leave: ProvenRecord | undefined
  #signing: Promise<ProvenRecord> | undefined
  /** What is signed, or is being signed, is not what it should say: the time from that signature to the next. */
  #staleMs: number | undefined
  #cancelTimer: (() => void) | undefined
  #signedAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(identity: CapableIdentity, clock: Clock, port: OwnRecordPort) {
    this.#identity = identity
    this.#clock = clock
    this.#port = port
    this.#nextSeq48 = seq48Of(identity.epoch, 0)
  }

  /** The number that may be told: that of the last signed record. */
  get seq48(): number {
    return this.#current?.record.seq48 ?? this.#nextSeq48
  }

  get current(): ProvenRecord | undefined {
    return this.#current
  }

  /** What to say when this node goes (R11); undefined until it is signed. */
  get leave(): Uint8Array | undefined {
    return this.#leave?.bytes
  }

  /** The signed record, once there is one. */
  bytes(): Awaitable<Uint8Array> {
    if (this.#current) return this.#current.bytes
    const signing = this.#signing ?? this.#sign()
    return signing instanceof Promise ? signing.then((proof) => proof.bytes) : signing.bytes
  }

  /** What the record says has changed: it is signed again soon. */
  touch(): void {
    this.#signSoon(recordEveryMs)
  }

  /** Somebody needs a number of at least `seq48`; one step at a time (R8), unless the clock of an earlier life ran ahead. */
  raise(seq48: number, farAhead = false): void {
    if (seq48 <= (this.#signing ? this.#nextSeq48 : this.seq48)) return
    if (farAhead) this.#nextSeq48 = Math.max(this.#nextSeq48, seq48)
    this.#signSoon(raiseEveryMs)
  }

  /**
   * A signed record of this very address that this node may not have issued. `nothing`: it is an old one, or a farewell, which is outbid.
   * `other`: somebody else signs so; with the same key it is outbid, and two nodes of one free-form name are not, each stands where it was
   * first. `lost`: another process with the same key stands before this one, which yields (SE4, SE5).
   */
  contested(record: MemberRecord): 'nothing' | 'other' | 'lost' {
    const { seq48, kind } = record
    const { keyPair, exchangeKeys } = this.#identity
    if (!sameBytes(keyPair.publicKey, record.publicKey)) return seq48 > this.seq48 ? 'other' : 'nothing'
    if (this.#port.yields === true && kind !== 'left') {
      const isOwn = sameBytes(exchangeKeys.publicKey, record.exchangeKey)
      if (isOwn ? seq48 > this.#nextSeq48 : this.#isBehind(record)) return 'lost'
    }
    if (seq48 < this.seq48 || (seq48 === this.seq48 && sameBytes(exchangeKeys.publicKey, record.exchangeKey))) return 'nothing'
    if (seq48 < seq48Most) this.raise(seq48 + 1, true)
    // What an earlier life said when it left, or this one before its page came back, is nobody's fault.
    return kind === 'left' || seq48 === this.seq48 ? 'nothing' : 'other'
  }

  #isBehind(record: MemberRecord): boolean {
    const own = { epoch: epochOf(this.seq48), process: processOf({ ...record, exchangeKey: this.#identity.exchangeKeys.publicKey }) }
    return standsBefore({ epoch: epochOf(record.seq48), process: processOf(record) }, own)
  }

  stop(): void {
    this.#stopped = true
    this.#cancelTimer?.()
  }

  #signSoon(everyMs: number): void {
    this.#staleMs = Math.min(everyMs, this.#staleMs ?? everyMs)
    if (this.#cancelTimer || this.#signing || this.#stopped) return
    const waitMs = Math.max(0, this.#signedAt + everyMs - this.#clock.now())
    this.#cancelTimer = this.#clock.setTimer(waitMs, () => {
      this.#cancelTimer = undefined
      this.#renew()
    })
  }

  /** A record that cannot be signed (it does not fit, the key store failed) leaves the last one standing. */
  #renew(): void {
    try {
      const proof = this.#sign()
      if (proof instanceof Promise) proof.catch((error: unknown) => this.#port.failed(error))
    } catch (error) {
      this.#port.failed(error)
    }
  }

  #sign(): Awaitable<ProvenRecord> {
    this.#signedAt = this.#clock.now()
    this.#staleMs = undefined
    const signing = run(this.#signSteps())
    if (!(signing instanceof Promise)) return signing
    this.#signing = signing
    const over = (): void => {
      this.#signing = undefined
      if (this.#staleMs !== undefined) this.#signSoon(this.#staleMs)
    }
    signing.then(over, over)
    return signing
  }

  *#signLeave(own: MemberRecord): Steps<ProvenRecord> {
    const seq48 = lastSeq48Of(epochOf(own.seq48))
    const record: MemberRecord = { ...own, seq48, kind: 'left', name: '', capabilities: [], services: [], plainHosts: [] }
    return { record, bytes: yield* wait(signRecord(record, this.#identity.keyPair)) }
  }

  *#signSteps(): Steps<ProvenRecord> {
    const { address, keyPair, exchangeKeys, network, keyring, crypto, kind, name, capabilities } = this.#identity
    const record: MemberRecord = {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48: this.#nextSeq48,
      kind,
      name,
      capabilities,
      ...this.#port.contents(),
    }
    const seal = keyring && { crypto, keys: keyring[0] }
    const proof = { record, bytes: yield* wait(signRecord(record, keyPair, seal)) }
    this.#nextSeq48 = Math.max(this.#nextSeq48, record.seq48 + 1)
    this.#current = proof
    if ((this.#leave?.record.seq48 ?? -1) < record.seq48) this.#leave = yield* this.#signLeave(record)
    if (!this.#stopped) this.#port.changed(proof)
    return proof
  }
}
