import { utf8Length } from '../bytes/utf8-length.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress, isMemberForm } from './address.ts'
import type { MemberRecord, ServiceAdvert } from './member-record.ts'
import { keyHashBytes, networkNameBytesMax } from './wire-network.ts'

/** With its signature. Two of them fit one link frame of 65 000 bytes less the rest of a handshake message. */
export const recordBytesMax = 32_768
export const nameBytesMax = 64
export const serviceNameBytesMax = 100
/** Of one member, and of one plain host behind it. */
/** Of a plain host that was never advertised and has only spoken. */
export const spokenHops = 63
export const servicesMax = 32
/** 1 024 hosts with short names and a service each stay below `recordBytesMax`; longer ones meet that bound first. */
export const plainHostsMax = 1_024
/** The longest name that the plain wire can carry: its length is one byte. */
export const plainAddressBytesMax = 255
/** A capable node under a free-form name: what a routing row carries. */
export const namedAddressBytesMax = 100
export const capabilitiesMax = 16
export const capabilityBytesMax = 64
/** Name and capabilities at their longest, sealed. */
export const aboutBytesMax: number = 1 + (1 + nameBytesMax) + 1 + capabilitiesMax * (1 + capabilityBytesMax) + 16
export const loadMax = 127
export const seq48Max: number = 2 ** 48 - 1
export const recordKeyBytes = 32

/** What out-of-bounds thing our own record has: `TOO_LARGE` for lengths and counts, `INVALID_OPTION` for the rest. */
export function refuseOutOfBounds(record: MemberRecord): void {
  atMost(utf8Length(record.network.name), networkNameBytesMax, 'bytes in the name of the network')
  valid(record.network.keyHash.length === keyHashBytes, `the key hash of the network has ${record.network.keyHash.length} bytes`)
  if (record.kind === 'named' || (record.kind === 'left' && isPlainAddress(record.address))) {
    valid(isPlainAddress(record.address), `'${record.address}' is not a name that a node without a key address may have`)
    atMost(utf8Length(record.address), namedAddressBytesMax, 'bytes in the address of a node')
  } else {
    valid(isMemberAddress(record.address), `'${record.address}' is not the address of a member`)
  }
  valid(record.publicKey.length === recordKeyBytes && record.exchangeKey.length === recordKeyBytes, 'a key of the record has not 32 bytes')
  valid(isWhole(record.seq48, 0, seq48Max), `the number ${record.seq48} does not fit 48 bits`)
  atMost(utf8Length(record.name), nameBytesMax, 'bytes in the name of a member')
  atMost(record.capabilities.length, capabilitiesMax, 'capabilities')
  for (const capability of record.capabilities) atMost(utf8Length(capability), capabilityBytesMax, 'bytes in a capability')
  refuseServices(record.services)
  atMost(record.plainHosts.length, plainHostsMax, 'plain hosts behind one gateway')
  for (const host of record.plainHosts) {
    atMost(utf8Length(host.address), plainAddressBytesMax, 'bytes in the address of a plain host')
    valid(isPlainAddress(host.address), `'${host.address}' is not the address of a plain host`)
    valid(isWhole(host.hops, 1, 255), `a plain host is ${host.hops} hops away`)
    refuseServices(host.services)
  }
}

/** Not empty, and not of the form that only members have: a gateway cannot claim to be the way to one. */
export function isPlainAddress(address: string): boolean {
  return address !== '' && !isMemberForm(address)
}

export function isLoad(load: number): boolean {
  return isWhole(load, 1, loadMax)
}

function refuseServices(services: readonly ServiceAdvert[]): void {
  atMost(services.length, servicesMax, 'services')
  for (const { service, load } of services) {
    valid(service !== '', 'a service has no name')
    atMost(utf8Length(service), serviceNameBytesMax, 'bytes in the name of a service')
    valid(isLoad(load), `the load of '${service}' is ${load}, not 1 … ${loadMax}`)
  }
}

function isWhole(value: number, from: number, to: number): boolean {
  return Number.isInteger(value) && value >= from && value <= to
}

function atMost(count: number, max: number, what: string): void {
  if (count > max) throw new MeshError('TOO_LARGE', `${count} ${what}: at most ${max} fit a member record`)
}

function valid(holds: boolean, message: string): void {
  if (!holds) throw new MeshError('INVALID_OPTION', message)
}
