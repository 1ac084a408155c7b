// What is said to plain nodes, in words that no stack dies of. Nobody knows which stack is at the other end, nor behind it,
// so what harms one is said to none: no type (the Python router ends), no load of 0 (it ends, too), no name that is not
// plain ASCII (some count characters, some bytes), no END or ESC among the bytes that are ours (some escape them wrongly, or
// not), no cost from 128 on, nothing that does not fit the smallest buffer.

import type { ServiceAdvert } from '../identity/member-record.ts'
import { encodeRouteAdvert, encodeServiceAdvert } from '../wire/adverts.ts'
import { netStates, type Packet } from '../wire/packet.ts'

/** The lowest cost that this side tells of anybody but itself. Whatever plain nodes count among themselves is less. */
export const injectedCost = 64
const hopsTold = 50
/** Names longer than a byte's sign bit end a link of the Java router. */
const nameBytesMax = 100
/** Java reads a frame, escapes included, into 4 096 bytes. */
export const plainFrameBytesMax = 4_090
/** Instead of none, where its absence would make a control word that holds an END. No request of ours has it. */
const someContext = 1

/** L3: what a destination behind us costs, as plain nodes are told. */
export function toldCost(hops: number): number {
  return hops === 0 ? 1 : injectedCost + Math.min(hopsTold, hops)
}

/** L3: an advert that cannot be a plain node's own knowledge: somebody heard it from one of us. */
export function isEcho(cost: number): boolean {
  return cost >= injectedCost
}

/** Whether every plain stack can read this name. */
export function isTellable(name: string): boolean {
  return name.length <= nameBytesMax && /^[\x21-\x7e]+$/.test(name)
}

export function routeWord(from: string, destination: string, cost: number): Packet {
  return { netState: netStates.route, srcAddr: from, data: encodeRouteAdvert(destination, cost) }
}

/** Undefined: this pair of names cannot be told. */
export function serviceWord(
  host: string,
  { service, load }: ServiceAdvert,
  order: Pick<Packet, 'seqNum' | 'ackBlock'> = {},
): Packet | undefined {
  if (!isTellable(service)) return undefined
  const data = encodeServiceAdvert(host, service, toldLoad(load))
  // Its length would be a byte that some escape wrongly, and bytes too many end the Python router.
  return isFragile(data.length) ? undefined : { netState: netStates.service, ...order, data }
}

export function toldLoad(load: number): number {
  return Math.min(127, Math.max(1, load))
}

/** A data packet or an error, for its last plain way. */
export function lastWay(packet: Packet, destination: string, next: string): Packet {
  const contextID = packet.contextID || (packet.data?.length ? undefined : someContext)
  return { ...packet, destAddr: destination, nextAddr: next, dataType: undefined, contextID }
}

/** KISS END and ESC. */
export function isFragile(byte: number): boolean {
  return byte === 0xc0 || byte === 0xdb
}
