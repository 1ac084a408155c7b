import type { Address } from './address.ts'
import { networkMismatch, type OwnNetworks, type WireNetwork } from './wire-network.ts'

/** A service and its load as the wire has it: 1 (idle) … 127 (full). */
export interface ServiceAdvert {
  readonly service: string
  readonly load: number
  /** False: plain ALN nodes neither see nor call it. */
  readonly plain?: false | undefined
}

/** A plain ALN node that a member or relay answers for as its gateway. */
export interface PlainHost {
  readonly address: string
  /** Hops behind the gateway, 1 for its neighbour. */
  readonly hops: number
  readonly services: readonly ServiceAdvert[]
}

/**
 * What a member says and signs about itself: the payload of the link handshake and the proof behind each route entry
 * with the same number (SE4, SE5). A record proves that its origin existed, not that it is there.
 */
export interface MemberRecord {
  readonly network: WireNetwork
  readonly address: Address
  /** Ed25519, 32 bytes; hashes to the part of the address before the dot, except for a `named` node. */
  readonly publicKey: Uint8Array
  /** X25519 of this process, 32 bytes: the Noise static key. */
  readonly exchangeKey: Uint8Array
  /** epoch × 65536 + number: raised with every change of this record. */
  readonly seq48: number
  /**
   * `named`: a capable node under a free-form name, as in plain ALN. Its key proves that it is one process, not who it is.
   * `left`: the process of this address is gone, and all its smaller numbers with it.
   */
  readonly kind: 'member' | 'relay' | 'left' | 'named'
  readonly name: string
  readonly capabilities: readonly string[]
  readonly services: readonly ServiceAdvert[]
  readonly plainHosts: readonly PlainHost[]
}

const numbersOfEpoch = 65_536

/** `number` counts the changes within an epoch: 0 … 65 535. */
export function seq48Of(epoch: number, number: number): number {
  return epoch * numbersOfEpoch + number
}

/** The number of an epoch that only a leave uses: above all changes. */
export function lastSeq48Of(epoch: number): number {
  return epoch * numbersOfEpoch + numbersOfEpoch - 1
}

export function epochOf(seq48: number): number {
  return Math.floor(seq48 / numbersOfEpoch)
}

/** The X25519 key is drawn at the start of a process and never stored. */
export function processOf({ exchangeKey }: MemberRecord): string {
  let process = ''
  for (let at = 0; at < exchangeKey.length; at += 1) process += String.fromCharCode(exchangeKey[at]!)
  return process
}

/**
 * Of two processes with one address this one stands: it has the later epoch, or within one second the greater exchange key, so that
 * everybody judges alike (SE4).
 */
export function standsBefore(one: ProcessLife, other: ProcessLife): boolean {
  return one.epoch === other.epoch ? one.process > other.process : one.epoch > other.epoch
}

/** Of a process: when it began, and which it is. */
export interface ProcessLife {
  readonly epoch: number
  readonly process: string
}

/** A relay's record may name the key of another day: what a relay knows of a network is its name. */
export function recordMismatch(own: OwnNetworks, record: MemberRecord): 'NETWORK_MISMATCH' | 'NETWORK_KEY_MISMATCH' | undefined {
  const mismatch = networkMismatch(own, record.network)
  return record.kind === 'relay' && mismatch === 'NETWORK_KEY_MISMATCH' ? undefined : mismatch
}
