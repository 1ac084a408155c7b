// What the library says in codes, said for people.

const sentences: Readonly<Record<string, string>> = {
  ALONE_IN_NETWORK: 'Nobody else is in this network yet. Open the page once more, with the same network name and the same key.',
  GREETING_TIMEOUT: 'Something answered at the relay’s address, but did not greet as a relay does.',
  HANDSHAKE_FAILED: 'The relay could not prove who it is, so the connection was dropped.',
  IDENTITY_IN_USE:
    'Two nodes went by one address or name. A copied tab takes a new address by itself; of two plain nodes one was turned away.',
  INSECURE_CONTEXT:
    'This page came over plain http, so the browser withholds its own cryptography. It joins all the same, with a library in its place: slower, and with an address that others on the way could tamper with. Use https where it matters.',
  LINK_FAILED: 'A direct connection could not be made. Everything still travels through another node.',
  NAME_CLASH: 'Two nodes here go by the same name. Tell them apart by their addresses.',
  NETWORK_KEY_MISMATCH:
    'Others use this network with another key than this page, or with none, and you cannot see each other. Ask for the link to the page again, and open all of it.',
  LINK_FLAPS: 'The connection to a neighbour breaks again and again. Until it stays up, everything goes another way.',
  NETWORK_MISMATCH: 'The relay serves another network than the one asked for.',
  NO_BLUETOOTH: 'There is no Bluetooth for this page, here and now. Is it switched on, and allowed for this site?',
  NO_HANDLER: 'That member does not take this.',
  NO_FUNCTION: 'That member has no function of this name.',
  NO_ROUTE: 'There is no way to that node at the moment.',
  NO_SERVICE: 'Nobody offers that service at the moment.',
  NO_SERIAL: 'This browser has no serial ports for pages. Chrome and Edge have them on computers.',
  NOT_A_MEMBER: 'That is a plain node: it offers services, but takes no messages.',
  PAIRING_DISMISSED: 'No device was chosen. Press the button again whenever you like.',
  QUEUE_FULL: 'Too much waits to be sent already. Try again in a while.',
  RELAY_UNREACHABLE: 'The relay cannot be reached. The page goes on trying; direct connections stay up.',
  RESTARTING: 'The relay is restarting. The page comes back by itself.',
  STREAM_RESET: 'It broke off: the other side gave it up, or is gone.',
  STORAGE_FAILED: 'This browser keeps nothing for this page: words that wait for somebody who is away end with it.',
  TIMEOUT: 'No answer came in time.',
  TOKEN_EXPIRED: 'The relay asks for a token, and yours is over. Ask whoever runs it for a new one.',
  TOKEN_REFUSED: 'The relay asks for a token, and does not take yours. Ask whoever runs it for one that is made for you.',
  TOKEN_REQUIRED: 'The relay lets in only who has a token. Ask whoever runs it.',
  VERSION_MISMATCH: 'The relay speaks another version of hopmesh than this page.',
  WEAK_KEY: 'The key of this network is short enough to be guessed. Use one that “hopmesh key” prints.',
}

// The same codes, said about a device.
const pairingSentences: Readonly<Record<string, string>> = {
  BUSY: 'This page holds as many devices as it can.',
  IDENTITY_IN_USE: 'That device gives itself the address of a node that is already here, so it was refused.',
  LINK_FAILED: 'The device could not be reached. Is it switched on, near, and not connected to something else?',
  PLAIN_REFUSED:
    'That device was refused: either this network has a key, and then devices that cannot prove who they are stay outside, or it gives itself an address that only members have.',
  TIMEOUT: 'The device was reached, but never said its address. It may not speak ALN.',
}

/** Why a device could not be paired, as one sentence. */
export function sentenceForPairing(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return pairingSentences[code] ?? sentenceForError(error)
}

/** A code as a sentence; the library's own words where there is none. */
export function sentenceFor(code: string, message: string): string {
  return sentences[code] ?? message
}

/** An error of any kind as one sentence; what somebody else's page threw in its own words. */
export function sentenceForError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'REMOTE_ERROR' && error.cause instanceof Error) return error.cause.message
  return 'code' in error && typeof error.code === 'string' ? sentenceFor(error.code, error.message) : error.message
}

export function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
}

/** The time to a hop of a trace and back. Plain nodes know no such question. */
export function timeWords(roundTripMs: number | undefined, kind: string | undefined): string {
  if (roundTripMs !== undefined) return milliseconds(roundTripMs)
  return kind === 'plain' ? 'not timed' : 'no answer'
}

/** How long something has been so: '12 s', '3 min', '5 h'. */
export function span(ms: number): string {
  if (ms < 100_000) return `${Math.round(ms / 1_000)} s`
  return ms < 6_000_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 3_600_000)} h`
}

/** '12 bytes', '3.4 kB', '120 MB' */
export function byteWords(bytes: number): string {
  if (bytes < 1_000) return bytes === 1 ? '1 byte' : `${Math.round(bytes)} bytes`
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB']
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export function hops(count: number): string {
  return count === 1 ? '1 hop' : `${count} hops`
}

const wordJoiner = '\u2060'

/** The first letters of an address and its end: enough to tell two apart. Never broken into two lines. */
export function shortAddress(address: string): string {
  return address.length > 16 ? `${address.slice(0, 6)}…${wordJoiner}${address.slice(-4)}` : address
}
