import type { PlainHost } from '../identity/member-record.ts'
import { servicesMax } from '../identity/record-bounds.ts'
import type { PlainNeighbour } from './plain-neighbour.ts'

/** What a member record holds of plain hosts: a number of them, and most of its 32 KiB. */
const hostsToldMax = 960
const hostBytesMax = 20_000

/**
 * Each host once, as many as a member record holds: neighbours take turns, so that one that makes up names cannot crowd
 * the others out.
 */
export function hostsBehind(neighbours: Iterable<PlainNeighbour>): PlainHost[] {
  const all = new Map<string, PlainHost>()
  let bytes = 0
  let queues = Array.from(neighbours, (neighbour) => [...neighbour.hosts()].sort((a, b) => a.hops - b.hops).values())
  while (queues.length > 0) {
    queues = queues.filter((queue) => {
      const { done, value: host } = queue.next()
      if (done || all.size >= hostsToldMax || bytes >= hostBytesMax) return false
      const known = all.get(host.address)
      const whole = known === undefined ? host : united(known, host)
      bytes += hostBytes(whole) - (known === undefined ? 0 : hostBytes(known))
      all.set(host.address, whole)
      return true
    })
  }
  return [...all.values()]
}

/** By the nearer way; its services by whatever way they were heard of, for nobody repeats what it heard before. */
function united(a: PlainHost, b: PlainHost): PlainHost {
  const [near, far] = b.hops <= a.hops ? [b, a] : [a, b]
  const known = new Set(near.services.map(({ service }) => service))
  const services = [...near.services, ...far.services.filter(({ service }) => !known.has(service))]
  return { ...near, services: services.slice(0, servicesMax) }
}

/** At most three bytes a character, a length and a load for each name. */
function hostBytes({ address, services }: PlainHost): number {
  return services.reduce((bytes, { service }) => bytes + 2 + 3 * service.length, 3 + 3 * address.length)
}
