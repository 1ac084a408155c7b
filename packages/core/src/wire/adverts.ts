import { MeshError } from '../errors/mesh-error.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { WireFault } from './wire-fault.ts'

// The data of ALN's two adverts: NET_ROUTE (this destination costs so much by me) and NET_SERVICE (this host offers that).

export interface RouteAdvert {
  readonly destination: string
  /** 0 withdraws. */
  readonly cost: number
}

export interface ServiceAdvert {
  readonly host: string
  readonly service: string
  /** 0 withdraws. */
  readonly load: number
}

function fitU16(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff) return value
  throw new MeshError('INVALID_OPTION', `${name} is ${value}; it must be an integer of 0 … 65535.`)
}

export function encodeRouteAdvert(destination: string, cost: number): Uint8Array {
  return new ByteWriter().string(destination).u16(fitU16(cost, 'cost')).finish()
}

/** Exact, as every stack reads it: one sketch sends a wrong length, and what it means cannot be guessed. */
export function decodeRouteAdvert(data: Uint8Array): RouteAdvert | WireFault {
  const reader = new ByteReader(data)
  const destination = reader.string()
  const cost = reader.u16()
  if (reader.failed) return new WireFault('truncated', 'a route advert that ends early')
  if (reader.remaining > 0 || destination === '') return new WireFault('bad-value', 'a route advert of the wrong length')
  return { destination, cost }
}

export function encodeServiceAdvert(host: string, service: string, load: number): Uint8Array {
  return new ByteWriter().string(host).string(service).u16(fitU16(load, 'load')).finish()
}

/** One stack cuts the load off or pads with zeros: a missing load reads as 1, bytes behind it are ignored. */
export function decodeServiceAdvert(data: Uint8Array): ServiceAdvert | WireFault {
  const reader = new ByteReader(data)
  const host = reader.string()
  const service = reader.string()
  if (reader.failed) return new WireFault('truncated', 'a service advert that ends early')
  if (host === '' || service === '') return new WireFault('bad-value', 'a service advert without a name')
  return { host, service, load: reader.remaining >= 2 ? reader.u16() : 1 }
}
