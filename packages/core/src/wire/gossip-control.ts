// What neighbours tell each other about broadcasts, as bytes. Ids come in groups of one life of one origin, whose address is
// then written once: origin text, epoch u32, flags u8, count varint, and so many ids or ranges.

import { ByteReader, ByteWriter } from './bytes.ts'
import { WireFault } from './wire-fault.ts'

/** Ids, or ranges of ids, in one message; who has more to say says it in several. */
export const gossipIdsMax = 1_024
const receiptBytesMax = 512
export const gossipReceiptsMax = 64

/** One life of one origin, and one of the two counters that it has: of broadcasts that are kept for others, or not. */
export interface BroadcastLife {
  readonly origin: string
  readonly epoch: number
  /** Nobody keeps these for those who are away. */
  readonly fleeting: boolean
}

export interface BroadcastId extends BroadcastLife {
  readonly counter: number
}

/** "I have this." */
export interface BroadcastNews extends BroadcastId {
  /** Its origin has a tree of its own. */
  readonly ownTree: boolean
  /** It did not come along the tree, but had to be asked for: it will not come to others, either. */
  readonly repaired: boolean
  /** How long who tells of it has had it. */
  readonly heldMs: number
}

/** Counters `start` … `end` − 1. */
export interface CounterRange {
  readonly start: number
  readonly end: number
}

export interface BroadcastRows extends BroadcastLife {
  readonly ranges: readonly CounterRange[]
}

/** A tree is named by its only sender; '' is the one that all others share. */
export type GossipMessage =
  /** "Send me no payloads of this tree: I have them from others." */
  | { readonly type: 'prune'; readonly tree: string }
  /** Ids of payloads that this link does not get by itself. `offer`: it would, they are large; ask for them now. */
  | { readonly type: 'have'; readonly offer: boolean; readonly ids: readonly BroadcastNews[] }
  /** "Send me these, and (`eager`) from now on all of this tree." */
  | { readonly type: 'graft'; readonly tree: string; readonly eager: boolean; readonly ids: readonly BroadcastId[] }
  /** A sum over all that is kept: when it is not that of the other side, both say what they hold. */
  | { readonly type: 'digest'; readonly hash: number; readonly count: number }
  /** What is kept here; not `answer`: a few that came late. */
  | { readonly type: 'holds'; readonly answer: boolean; readonly rows: readonly BroadcastRows[] }
  | { readonly type: 'want'; readonly rows: readonly BroadcastRows[] }
  /** Signed receipts on their way to who is named in them. */
  | { readonly type: 'receipts'; readonly receipts: readonly Uint8Array[] }

export const gossipTypes = { prune: 32, have: 33, graft: 34, digest: 35, holds: 36, want: 37, receipts: 38 } as const

const lifeFlags = { fleeting: 1, ownTree: 2, repaired: 4 } as const

export function isGossip(message: { readonly type: string }): message is GossipMessage {
  return message.type in gossipTypes
}

/** One item. The sender keeps to the bounds above. */
export function encodeGossip(message: GossipMessage): Uint8Array {
  const writer = new ByteWriter(64).u8(gossipTypes[message.type])
  switch (message.type) {
    case 'prune':
      return writer.string(message.tree).finish()
    case 'have':
      writer.u8(message.offer ? 1 : 0)
      writeGroups(writer, message.ids, ({ counter, heldMs }) => writer.varint(counter).varint(heldMs))
      return writer.finish()
    case 'graft':
      writer.string(message.tree).u8(message.eager ? 1 : 0)
      writeGroups(writer, message.ids, ({ counter }) => writer.varint(counter))
      return writer.finish()
    case 'digest':
      return writer.u32(message.hash).varint(message.count).finish()
    case 'holds':
      writer.u8(message.answer ? 1 : 0)
      return writeRows(writer, message.rows).finish()
    case 'want':
      return writeRows(writer, message.rows).finish()
    case 'receipts':
      writer.varint(message.receipts.length)
      for (const receipt of message.receipts) writer.lengthed(receipt)
      return writer.finish()
  }
}

const malformed = new WireFault('bad-value', 'a message about broadcasts that cannot be read')
const tooLong = new WireFault('too-long', 'a message about too many broadcasts')

/** Behind its type; undefined: not of this kind. */
export function decodeGossip(type: number, reader: ByteReader): GossipMessage | WireFault | undefined {
  const message = decodeKnown(type, reader)
  return message !== undefined && !(message instanceof WireFault) && reader.failed ? malformed : message
}

function decodeKnown(type: number, reader: ByteReader): GossipMessage | WireFault | undefined {
  switch (type) {
    case gossipTypes.prune:
      return { type: 'prune', tree: reader.string() }
    case gossipTypes.have: {
      const offer = reader.u8() === 1
      const ids: BroadcastNews[] = []
      const fits = readGroups(reader, (life, flags) => {
        ids.push({
          ...life,
          counter: reader.varint(),
          ownTree: (flags & lifeFlags.ownTree) !== 0,
          repaired: (flags & lifeFlags.repaired) !== 0,
          heldMs: reader.varint(),
        })
      })
      return fits ? { type: 'have', offer, ids } : tooLong
    }
    case gossipTypes.graft: {
      const tree = reader.string()
      const eager = reader.u8() === 1
      const ids: BroadcastId[] = []
      return readGroups(reader, (life) => ids.push({ ...life, counter: reader.varint() })) ? { type: 'graft', tree, eager, ids } : tooLong
    }
    case gossipTypes.digest:
      return { type: 'digest', hash: reader.u32(), count: reader.varint() }
    case gossipTypes.holds: {
      const answer = reader.u8() === 1
      const rows = readRows(reader)
      return rows ? { type: 'holds', answer, rows } : tooLong
    }
    case gossipTypes.want: {
      const rows = readRows(reader)
      return rows ? { type: 'want', rows } : tooLong
    }
    case gossipTypes.receipts: {
      const count = reader.varint()
      if (count > gossipReceiptsMax) return tooLong
      const receipts: Uint8Array[] = []
      // They outlive the frame that brings them.
      for (let at = 0; at < count && !reader.failed; at += 1) receipts.push(reader.lengthed().slice())
      return receipts.some(({ length }) => length > receiptBytesMax) ? tooLong : { type: 'receipts', receipts }
    }
    default:
      return undefined
  }
}

/** Neighbours of one life in the list share a group. */
function writeGroups<T extends Grouped>(writer: ByteWriter, ids: readonly T[], write: (id: T) => void): void {
  for (let at = 0; at < ids.length;) {
    const first = ids[at]!
    let end = at + 1
    while (end < ids.length && sameGroup(first, ids[end]!)) end += 1
    writeLife(writer, first).varint(end - at)
    for (; at < end; at += 1) write(ids[at]!)
  }
}

type Grouped = BroadcastLife & Partial<Pick<BroadcastNews, 'ownTree' | 'repaired'>>

function sameGroup(one: Grouped, other: Grouped): boolean {
  return one.origin === other.origin && one.epoch === other.epoch && flagsOf(one) === flagsOf(other)
}

function writeLife(writer: ByteWriter, life: Grouped): ByteWriter {
  return writer.string(life.origin).u32(life.epoch).u8(flagsOf(life))
}

function flagsOf({ fleeting, ownTree, repaired }: Grouped): number {
  return (fleeting ? lifeFlags.fleeting : 0) | (ownTree === true ? lifeFlags.ownTree : 0) | (repaired === true ? lifeFlags.repaired : 0)
}

/** False: more than `gossipIdsMax`. */
function readGroups(reader: ByteReader, each: (life: BroadcastLife, flags: number) => void): boolean {
  let total = 0
  while (reader.remaining > 0) {
    const origin = reader.string()
    const epoch = reader.u32()
    const flags = reader.u8()
    const count = reader.varint()
    total += Math.max(1, count)
    if (total > gossipIdsMax) return false
    const life = { origin, epoch, fleeting: (flags & lifeFlags.fleeting) !== 0 }
    for (let at = 0; at < count && !reader.failed; at += 1) each(life, flags)
  }
  return true
}

function writeRows(writer: ByteWriter, rows: readonly BroadcastRows[]): ByteWriter {
  for (const row of rows) {
    writeLife(writer, row).varint(row.ranges.length)
    let before = 0
    for (const { start, end } of row.ranges) {
      writer.varint(start - before).varint(end - start)
      before = end
    }
  }
  return writer
}

/** Undefined: more than `gossipIdsMax`, or ranges that are none. */
function readRows(reader: ByteReader): BroadcastRows[] | undefined {
  const rows: BroadcastRows[] = []
  let fits = true
  let ranges: CounterRange[] = []
  let before = 0
  let last: BroadcastLife | undefined
  const within = readGroups(reader, (life) => {
    if (life !== last) {
      ranges = []
      before = 0
      last = life
      rows.push({ ...life, ranges })
    }
    const start = before + reader.varint()
    const end = start + reader.varint()
    if (end > 2 ** 32) fits = false
    ranges.push({ start, end })
    before = end
  })
  return within && fits ? rows : undefined
}
