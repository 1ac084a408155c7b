import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm, whoPart } from '../identity/address.ts'
import { nearestFirst } from '../routing/nearest-first.ts'
import type { Destination, PeerKind } from '../routing/routing-types.ts'

/** One line each in an AMBIGUOUS_NAME error; also how many are asked at a time whether they are there. */
const ambiguousListedMax = 8

export interface NameQuery {
  /** An address, a `who`, or a display name. */
  readonly target: string
  readonly self: string
  /** Who can be the answer: `member` for messages and direct links, relays too for a ping. */
  readonly kinds: readonly PeerKind[]
}

/** Several have the name, and not all of them have shown that they are there. */
export interface Undecided {
  /** Who is to be asked, the nearest first. */
  readonly ask: readonly string[]
  /** What to say if nothing more is heard. */
  readonly error: MeshError
}

/**
 * Who is meant: a full address, else a `who` (its nearest tab), else an exact display name in NFC. Only those that can
 * be reached count, before those that did not answer, and a name is ambiguous only when two of them have answered: no ghost
 * makes it so (SE5). Undefined: nobody yet.
 */
export function resolveName(query: NameQuery, destinations: readonly Destination[]): string | MeshError | Undecided | undefined {
  const { target, self, kinds } = query
  if (target === self) return self
  const exact = destinations.find(({ address }) => address === target)
  if (exact && kinds.includes(exact.kind)) return target
  const notAble =
    exact && new MeshError('NOT_A_MEMBER', `'${target}' is a ${exact.kind === 'plain' ? 'plain ALN node' : exact.kind}, not a member`)
  const able = destinations.filter(({ address, kind }) => kinds.includes(kind) && address !== self)
  const named = able.filter(isCalled(target))
  if (isMemberForm(target)) return notAble ?? nearestFirst(named)[0]?.address
  const heard = named.filter(({ silent }) => !silent)
  const candidates = heard.length > 0 ? heard : named
  if (candidates.length === 0) return notAble
  if (whosOf(candidates).size === 1) return nearestFirst(candidates)[0]?.address
  const proven = candidates.filter(({ kind, verified }) => verified || kind === 'plain')
  if (whosOf(proven).size > 1) return ambiguous(target, proven)
  const asked = nearestFirst(candidates.filter((one) => !proven.includes(one))).slice(0, ambiguousListedMax)
  return { ask: asked.map(({ address }) => address), error: ambiguous(target, candidates) }
}

/** Whether a `who` or an exact display name in NFC is that of somebody. */
export function isCalled(target: string): (somebody: Pick<Destination, 'address' | 'name'>) => boolean {
  if (isMemberForm(target)) return ({ address }) => whoPart(address) === target
  const wanted = target.normalize('NFC')
  return ({ name }) => name.normalize('NFC') === wanted
}

function whosOf(destinations: readonly Destination[]): Set<string> {
  return new Set(destinations.map(({ address }) => whoPart(address)))
}

/** What to say when nobody came to answer to `target` in time. */
export function unresolved(target: string, timeoutMs: number): MeshError {
  return isMemberForm(target)
    ? new MeshError('NO_ROUTE', `no path to ${target} within ${timeoutMs} ms`)
    : new MeshError('UNKNOWN_NAME', `nobody called '${target.slice(0, 64)}' within ${timeoutMs} ms`)
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
