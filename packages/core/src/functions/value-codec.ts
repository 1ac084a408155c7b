// Arguments and results of functions as bytes: what JSON can hold, and undefined, NaN, -0, bigint, Date, Map, Set, ArrayBuffer and
// typed arrays, nested. The structure is devalue's flat JSON; bytes stand behind it as they are:
//
//   varint length · flat JSON · varint count · (varint length)… · bytes…
//
// Whatever bytes come in, the outcome is a value or a WireFault, in time and memory that grow with their number only.

import { stringify, unflatten } from 'devalue'
import { MeshError } from '../errors/mesh-error.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { flatFault } from './flat-value.ts'

/** In the order of their numbers on the wire: it only grows. */
const kinds = [
  Uint8Array,
  ArrayBuffer,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
] as const

/** Under this word of devalue's: which kind, and which of the bytes behind. */
const bytesTag = 'bytes'
/** Runs of bytes in one value. */
const runsMax = 65_536
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** INVALID_OPTION says what in it cannot be sent, and where it stands if it can be said: whatever is encoded can be decoded. */
export function encodeValue(value: unknown): Uint8Array | MeshError {
  const runs: Uint8Array[] = []
  const lift = (part: unknown): [number, number] | undefined => {
    refuseStrange(part)
    if (!(part instanceof ArrayBuffer) && !ArrayBuffer.isView(part)) return undefined
    // A Buffer of Node.js is a Uint8Array too.
    const kind = kinds.findIndex((known) => part instanceof known)
    if (kind < 0) throw new MeshError('INVALID_OPTION', `a ${part.constructor.name} cannot be sent`)
    runs.push(part instanceof ArrayBuffer ? new Uint8Array(part) : new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
    return [kind, runs.length - 1]
  }
  try {
    const flat = stringify(value, { [bytesTag]: lift })
    const unread = flatFault(JSON.parse(flat), { bytesTag, runs: runs.length })
    if (unread) return new MeshError('INVALID_OPTION', `this cannot be sent: ${unread.detail}`)
    const text = encoder.encode(flat)
    if (runs.length > runsMax) return new MeshError('TOO_LARGE', `${runs.length} arrays of bytes in one value: at most ${runsMax} fit`)
    const size = runs.reduce((sum, run) => sum + run.length, text.length)
    const writer = new ByteWriter(size + 16).lengthed(text).varint(runs.length)
    for (const run of runs) writer.varint(run.length)
    for (const run of runs) writer.bytes(run)
    return writer.finish()
  } catch (error) {
    if (error instanceof MeshError) return error
    // What a getter of the app's throws ends here too.
    return new MeshError('INVALID_OPTION', `this cannot be sent: ${describe(error)}`, { cause: error })
  }
}

export function decodeValue(bytes: Uint8Array): { readonly value: unknown } | WireFault {
  const reader = new ByteReader(bytes)
  const text = reader.lengthed()
  const count = reader.varint()
  if (count > runsMax || count > reader.remaining) return new WireFault('too-long', `${count} arrays of bytes in one value`)
  const lengths = Array.from({ length: count }, () => reader.varint())
  const runs = lengths.map((length) => reader.bytes(length))
  if (reader.failed || reader.remaining > 0) return new WireFault('truncated', 'a value is not as long as it says')
  try {
    const flat: unknown = JSON.parse(decoder.decode(text))
    const fault = flatFault(flat, { bytesTag, runs: count })
    if (fault) return fault
    return { value: unflatten(flat as number | unknown[], { [bytesTag]: (pointer: unknown) => revive(pointer, runs) }) }
  } catch (error) {
    return new WireFault('bad-value', `a value that cannot be read: ${describe(error)}`)
  }
}

/** What devalue could write, and is not read here: it costs more than its bytes, or means something else elsewhere. */
function refuseStrange(part: unknown): void {
  if (typeof part === 'bigint' && part.toString(16).length > 1_700)
    throw new MeshError('INVALID_OPTION', 'a bigint of more than 2 000 digits cannot be sent')
  if (typeof part !== 'object' || part === null) return
  const tag = Object.prototype.toString.call(part).slice(8, -1)
  if (strangeTags.has(tag) || tag.startsWith('Temporal.')) throw new MeshError('INVALID_OPTION', `a ${tag} cannot be sent: send its text`)
}

const strangeTags: ReadonlySet<string> = new Set(['RegExp', 'URL', 'URLSearchParams', 'Number', 'String', 'Boolean', 'BigInt', 'Symbol'])

function revive(pointer: unknown, runs: readonly Uint8Array[]): unknown {
  const [kind, index] = pointer as [number, number]
  const run = runs[index]
  const known = kinds[kind]
  if (run === undefined || known === undefined) throw new RangeError('bytes of a kind that is not known here')
  const own = run.slice()
  if (known === Uint8Array) return own
  return known === ArrayBuffer ? own.buffer : new (known as new (buffer: ArrayBuffer) => unknown)(own.buffer)
}

function describe(error: unknown): string {
  // The path is devalue's: where in the value it stands.
  const { message, path } = (typeof error === 'object' && error !== null ? error : {}) as { message?: unknown; path?: unknown }
  const where = typeof path === 'string' && path !== '' ? ` (at ${path.slice(0, 100)})` : ''
  return `${typeof message === 'string' ? message.slice(0, 200) : 'something that is not an Error was thrown'}${where}`
}
