// Any web page may open ws://127.0.0.1. A relay that listens only there is meant for this machine's own pages.

import { isIP } from 'node:net'

/** Whether a host name or address means this machine: 127.0.0.0/8, ::1, localhost and names below it. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (isIP(bare) === 4) return bare.startsWith('127.')
  return bare === '::1' || bare === 'localhost' || bare.endsWith('.localhost')
}

/** Whether a browser page of `origin` may connect. No origin at all: not a browser. */
export function originAllowed(origin: string | undefined, host: string, allowed: readonly string[]): boolean {
  if (origin === undefined || allowed.includes(origin)) return true
  if (!isLoopback(host)) return allowed.length === 0
  try {
    return isLoopback(new URL(origin).hostname)
  } catch {
    return false
  }
}
