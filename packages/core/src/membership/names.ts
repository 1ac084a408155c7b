import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm, whoPart } from '../identity/address.ts'
import type { Destination, PeerKind } from '../routing/routing-types.ts'

/** One line each in an AMBIGUOUS_NAME error. */
const ambiguousListedMax = 8

export interface NameQuery {
  /** An address, a `who`, or a display name. */
  readonly target: string
  readonly self: string
  /** Who can be the answer: `member` for messages and direct links, relays too for a ping. */
  readonly kinds: readonly PeerKind[]
}

/**
 * Who is meant: a full address, else a `who` (its nearest tab), else an exact display name in NFC. Only those that can
 * be reached count, so that no ghost makes a name ambiguous. Undefined: nobody yet.
 */
export function resolveName(query: NameQuery, destinations: readonly Destination[]): string | MeshError | undefined {
  const { target, self, kinds } = query
  if (target === self) return self
  const exact = destinations.find(({ address }) => address === target)
  if (exact && kinds.includes(exact.kind)) return target
  const notAble =
    exact && new MeshError('NOT_A_MEMBER', `'${target}' is a ${exact.kind === 'plain' ? 'plain ALN node' : exact.kind}, not a member`)
  const able = destinations.filter(({ address, kind }) => kinds.includes(kind) && address !== self)
  if (isMemberForm(target)) return notAble ?? nearest(able.filter(({ address }) => whoPart(address) === target))?.address
  const wanted = target.normalize('NFC')
  const named = able.filter(({ name }) => name.normalize('NFC') === wanted)
  const whos = new Set(named.map(({ address }) => whoPart(address)))
  if (whos.size > 1) return ambiguous(target, named)
  if (whos.size === 1) return nearest(named)?.address
  return notAble
}

/** What to say when nobody came to answer to `target` in time. */
export function unresolved(target: string, timeoutMs: number): MeshError {
  return isMemberForm(target)
    ? new MeshError('NO_ROUTE', `no path to ${target} within ${timeoutMs} ms`)
    : new MeshError('UNKNOWN_NAME', `nobody called '${target.slice(0, 64)}' within ${timeoutMs} ms`)
}

function nearest(destinations: readonly Destination[]): Destination | undefined {
  return destinations.toSorted((a, b) => a.hops - b.hops || a.cost - b.cost || (a.address < b.address ? -1 : 1))[0]
}

function ambiguous(target: string, named: readonly Destination[]): MeshError {
  const listed = named.map(({ address }) => address).toSorted()
  return new MeshError(
    'AMBIGUOUS_NAME',
    `${listed.length} peers are called '${target}': ${listed.slice(0, ambiguousListedMax).join(', ')}`,
    {
      tried: listed.slice(0, ambiguousListedMax),
    },
  )
}
