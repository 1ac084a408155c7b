import { MeshError } from '@hopmesh/core'

/**
 * The `iceServers` option as the browser wants it. Taken are 'stun:host', { urls } and the old { url }; anything else
 * throws INVALID_OPTION. Absent: none, so only addresses of the own network are tried.
 */
export function iceServersOf(option: readonly unknown[] | undefined): RTCIceServer[] {
  return (option ?? []).map((entry, index) => {
    const server = typeof entry === 'string' ? { urls: entry } : entry
    if (typeof server !== 'object' || server === null) throw invalid(index)
    const { url, ...rest } = server as RTCIceServer & { url?: unknown }
    const urls: unknown = rest.urls ?? url
    if (!isUrls(urls)) throw invalid(index)
    return { ...rest, urls }
  })
}

function isUrls(urls: unknown): urls is string | string[] {
  const list: unknown[] = Array.isArray(urls) ? urls : [urls]
  return list.length > 0 && list.every((each) => typeof each === 'string' && /^(stuns?|turns?):./i.test(each))
}

function invalid(index: number): MeshError {
  return new MeshError('INVALID_OPTION', `iceServers[${index}] needs urls of the form stun:host or turn:host`)
}
