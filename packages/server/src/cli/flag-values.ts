// What a flag's text means. Each throws commander's InvalidArgumentError, which names the flag beside the reason.

import { InvalidArgumentError } from 'commander'

export function portValue(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text.trim()) || port > 65_535) throw new InvalidArgumentError('A port is a number of 0 to 65535.')
  return port
}

export function networkValue(text: string): string {
  if (text.includes('=')) throw new InvalidArgumentError("Networks with a key are not offered yet: no '=' in the name.")
  if (!/^[^/\p{Cc}]+$/u.test(text) || Buffer.byteLength(text) > 64)
    throw new InvalidArgumentError("A network name has 1 to 64 bytes and no '/'.")
  return text
}

export function originValue(text: string): string {
  let origin: string
  try {
    ;({ origin } = new URL(text))
  } catch {
    throw new InvalidArgumentError('An origin is scheme://host[:port].')
  }
  if (origin === 'null') throw new InvalidArgumentError('An origin is scheme://host[:port].')
  return origin
}

export function serveValue(text: string): string {
  if (text !== 'ping') throw new InvalidArgumentError("Only 'ping' can be served from here.")
  return text
}

/** A repeatable flag. */
export function listValue(read: (text: string) => string): (text: string, before: string[] | undefined) => string[] {
  return (text, before) => [...(before ?? []), read(text)]
}
