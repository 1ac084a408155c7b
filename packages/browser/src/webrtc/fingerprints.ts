// What ties a handshake to its DTLS connection: the fingerprints that both sides' descriptions name. The two halves were
// carried by other members, so a pair that differs between the sides means that somebody in between changed one.

/** The fingerprints of one session description: 'sha-256 AB:CD…', unique, sorted, one a line; undefined when it has none. */
export function fingerprintsOf(sdp: string): string | undefined {
  const found = new Set<string>()
  for (const line of sdp.split(/\r?\n/)) {
    const match = /^a=fingerprint:\s*([a-z0-9-]+)\s+([0-9a-f:]+)\s*$/i.exec(line)
    if (match) found.add(`${(match[1] as string).toLowerCase()} ${(match[2] as string).toUpperCase()}`)
  }
  return found.size === 0 ? undefined : [...found].toSorted().join('\n')
}

/** The channel's binding: the initiator's fingerprints, an empty line, the other's, in UTF-8. Undefined when one lacks. */
export function bindingOf(initiatorSdp: string | undefined, otherSdp: string | undefined): Uint8Array | undefined {
  const initiator = fingerprintsOf(initiatorSdp ?? '')
  const other = fingerprintsOf(otherSdp ?? '')
  return initiator === undefined || other === undefined ? undefined : new TextEncoder().encode(`${initiator}\n\n${other}`)
}
