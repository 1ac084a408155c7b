import { hostname } from 'node:os'
import { isIP } from 'node:net'

// A web page can point a name of its own at 127.0.0.1 and then counts as of the same origin as what it finds there. So
// only names that nobody else can give away are ours: addresses, localhost, this machine's name, and .local (mDNS).

/** Whether a `Host` header means this machine, and not a name that somebody pointed at it. */
export function isOwnHost(host) {
  let name
  try {
    name = new URL(`http://${host}`).hostname.toLowerCase()
  } catch {
    return false
  }
  if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true
  return name === 'localhost' || name.endsWith('.localhost') || name.endsWith('.local') || name === hostname().toLowerCase()
}
