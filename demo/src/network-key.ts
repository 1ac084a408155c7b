// The key of the network comes in the fragment of the address (#key=…), which no server ever sees. It leaves the address
// bar at once, for people copy addresses and look over shoulders; a reload finds it in the history entry of this tab.

interface Kept {
  readonly hopmeshKey?: unknown
}

export function takeNetworkKey(location: Location, history: History): string | undefined {
  const given = new URLSearchParams(location.hash.slice(1)).get('key') ?? undefined
  const kept = (history.state as Kept | null)?.hopmeshKey
  const key = given ?? (typeof kept === 'string' ? kept : undefined)
  if (given !== undefined) {
    const url = new URL(location.href)
    url.hash = ''
    history.replaceState({ hopmeshKey: key } satisfies Kept, '', url)
  }
  return key === '' ? undefined : key
}
