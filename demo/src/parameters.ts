import { friendlyName } from './friendly-name.ts'
import { takeNetworkKey } from './network-key.ts'

/** What the address of the page asks for. */
export interface Parameters {
  readonly relay: string
  readonly network: string
  readonly name: string
  /** Of the network; undefined: open to everybody. */
  readonly key: string | undefined
}

// Whoever serves the page usually passes /relay on to a relay, so that one address is enough to join from anywhere.
function ownOrigin(location: Location): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/relay`
}

export function readParameters(location: Location, history: History): Parameters {
  const query = new URLSearchParams(location.search)
  return {
    relay: query.get('relay') || ownOrigin(location),
    network: query.get('network') || 'default',
    name: fitting(query.get('name') ?? '') || friendlyName(),
    key: takeNetworkKey(location, history),
  }
}

/** As much of a name as a member may have: 64 bytes of UTF-8, never half a character. */
function fitting(name: string): string {
  const trimmed = name.trim()
  const { read } = new TextEncoder().encodeInto(trimmed, new Uint8Array(64))
  return trimmed.slice(0, read)
}

/** The address to open in another tab or on another device: this one, without the name, and with the key of the network. */
export function linkForOthers(location: Location, key: string | undefined): string {
  const url = new URL(location.href)
  url.searchParams.delete('name')
  if (key !== undefined) url.hash = new URLSearchParams({ key }).toString()
  return url.href
}
