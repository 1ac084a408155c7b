import { isCleanControlWord } from './control-flags.ts'
import { kissEnd, kissEscape, kissEscapedEnd, unescapeInto } from './kiss.ts'
import { decodePacket, measurePacket } from './packet-codec.ts'
import type { DecodedPacket } from './packet.ts'
import { WireFault } from './wire-fault.ts'

// A KISS byte stream read as its senders mean it. Not all of them escape as the others do:
//   python writes a literal C0 as C0 DC: no packet starts with DC, so such a frame goes on;
//   the Arduino sketch escapes nothing: C0 and DB stand raw inside;
//   Android frames what is framed already: escapes inside escapes, and one END too many.
// Every packet says how long it is, and its first two bytes carry a code with few valid words. So at each END the bytes
// since the last whole packet are read in each of these ways, and the reading that comes out exact wins.

/** Bytes that grow by doubling; what was taken is never written again. */
class Gathered {
  bytes: Uint8Array = new Uint8Array(0)
  length = 0

  append(more: Uint8Array): void {
    this.#reserve(more.length)
    this.bytes.set(more, this.length)
    this.length += more.length
  }

  appendByte(byte: number): void {
    this.#reserve(1)
    this.bytes[this.length++] = byte
  }

  appendUnescaped(escaped: Uint8Array, start: number): void {
    this.#reserve(escaped.length - start)
    this.length = unescapeInto(escaped, start, escaped.length, this.bytes, this.length)
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  take(): Uint8Array {
    const taken = this.view()
    this.clear()
    return taken
  }

  clear(): void {
    this.bytes = new Uint8Array(0)
    this.length = 0
  }

  #reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2, 64))
    grown.set(this.view())
    this.bytes = grown
  }
}

function gather(bytes: Uint8Array): Gathered {
  const gathered = new Gathered()
  gathered.bytes = bytes
  gathered.length = bytes.length
  return gathered
}

/** Bytes before an END that are no whole packet in any reading, kept because the END may have been part of one. */
interface Held {
  /** As they came, ENDs between them included. */
  readonly raw: Gathered
  /** As python means them. */
  readonly chained: Gathered
  /** Whole as the sketch means them, while python may still go on: taken unless the next byte is DC. */
  readonly otherwise?: Reading | undefined
}

/** How well some bytes read as one packet. */
interface Reading {
  readonly bytes: Uint8Array
  /** Where the packet ends; −1: it is not whole. */
  readonly end: number
  /** Its control word is free of errors. */
  readonly clean: boolean
  /** It says something: a packet without any field is no evidence of anything. */
  readonly meant: boolean
}

function readAs(bytes: Uint8Array): Reading {
  if (bytes.length < 2) return { bytes, end: -1, clean: false, meant: false }
  const end = measurePacket(bytes)
  return { bytes, end, clean: isCleanControlWord(bytes[0]! * 0x100 + bytes[1]!), meant: end !== 2 }
}

/** As `isExact`, without a `Reading`. */
function isExactly(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start > 2 && measurePacket(bytes, start, end) === end && isCleanControlWord(bytes[start]! * 0x100 + bytes[start + 1]!)
}

function isExact(reading: Reading): boolean {
  return reading.end === reading.bytes.length && reading.clean && reading.meant
}

export class PlainStreamReader {
  #packetBytesMax: number
  readonly #partial = new Gathered()
  #held: Held | undefined
  /** The frame before was empty: its END may belong to this one. */
  #afterEmpty = false
  /** An endless frame is being thrown away. */
  #skipping = false

  /** `packetBytesMax`: the largest packet read; memory stays below six times that. */
  constructor(options: { packetBytesMax: number }) {
    this.#packetBytesMax = options.packetBytesMax
  }

  /** From now on packets may be as large as this. */
  widen(packetBytesMax: number): void {
    this.#packetBytesMax = Math.max(this.#packetBytesMax, packetBytesMax)
  }

  /** What is kept of packets that are not whole yet. */
  get heldBytes(): number {
    return this.#partial.bytes.length + (this.#held ? this.#held.raw.bytes.length + this.#held.chained.bytes.length : 0)
  }

  /** Every byte of a packet may come as two. */
  get #rawBytesMax(): number {
    return 2 * this.#packetBytesMax
  }

  /** What `chunk` completed, in order. Packet data may be views into `chunk`, which must not be written again. */
  push(chunk: Uint8Array): (DecodedPacket | WireFault)[] {
    const out: (DecodedPacket | WireFault)[] = []
    // In most chunks nothing is escaped: searched once, not for each frame.
    let escape = chunk.indexOf(kissEscape)
    let start = 0
    for (let end = chunk.indexOf(kissEnd); end >= 0; end = chunk.indexOf(kissEnd, start)) {
      if (escape >= 0 && escape < start) escape = chunk.indexOf(kissEscape, start)
      const bare = escape < 0 || escape > end
      if (!bare || !this.#takeBare(chunk, start, end, out)) this.#endFrame(chunk.subarray(start, end), out)
      start = end + 1
    }
    if (start < chunk.length) this.#keepPartial(chunk.subarray(start), out)
    return out
  }

  /** A frame without an escape that is a whole packet, behind one that was whole: nearly all are. False: it may mean something else. */
  #takeBare(bytes: Uint8Array, start: number, end: number, out: (DecodedPacket | WireFault)[]): boolean {
    if (this.#held !== undefined || this.#skipping || this.#partial.length > 0) return false
    if (bytes[start] === kissEscapedEnd || !isExactly(bytes, start, end)) return false
    this.#deliver(bytes, start, end, out)
    return true
  }

  #keepPartial(bytes: Uint8Array, out: (DecodedPacket | WireFault)[]): void {
    if (this.#skipping) return
    if (this.#partial.length + bytes.length <= this.#rawBytesMax) {
      this.#partial.append(bytes)
      return
    }
    this.#overflow(out)
    this.#skipping = true
  }

  #overflow(out: (DecodedPacket | WireFault)[]): void {
    this.#partial.clear()
    this.#held = undefined
    this.#afterEmpty = false
    out.push(new WireFault('too-long', `a frame of more than ${this.#packetBytesMax} bytes`))
  }

  #endFrame(tail: Uint8Array, out: (DecodedPacket | WireFault)[]): void {
    if (this.#skipping) {
      this.#skipping = false
      return
    }
    if (this.#partial.length + tail.length > this.#rawBytesMax) {
      this.#overflow(out)
      return
    }
    let raw = tail
    if (this.#partial.length > 0) {
      this.#partial.append(tail)
      raw = this.#partial.take()
    }
    if (this.#held === undefined) {
      if (raw.length === 0) {
        this.#afterEmpty = true
        return
      }
      if (!raw.includes(kissEscape) && this.#takeBare(raw, 0, raw.length, out)) return
    }
    this.#interpret(raw, out)
  }

  /** The order of the readings is the order of how unlikely they are to come out by accident. */
  #interpret(raw: Uint8Array, out: (DecodedPacket | WireFault)[]): void {
    const held = this.#held
    const follows = held !== undefined || this.#afterEmpty
    const chains = follows && raw[0] === kissEscapedEnd
    const chained = chains ? (held?.chained ?? new Gathered()) : raw.includes(kissEscape) ? new Gathered() : gather(raw)
    if (chains) {
      chained.appendByte(kissEnd)
      chained.appendUnescaped(raw, 1)
    } else if (chained.bytes !== raw) {
      chained.appendUnescaped(raw, 0)
    }
    let joined: Gathered | undefined
    if (follows) {
      joined = held?.raw ?? new Gathered()
      joined.appendByte(kissEnd)
      joined.append(raw)
    }

    const escaped = readAs(chained.view())
    if (isExact(escaped)) return this.#settle(escaped, chains, out)
    const twice = chains ? undefined : readTwiceFramed(escaped)
    if (twice !== undefined) return this.#settle(twice, chains, out)
    const unescaped = joined && readAs(joined.view())
    if (unescaped && isExact(unescaped)) {
      return chains && escaped.end < 0
        ? this.#hold({ raw: joined!, chained, otherwise: unescaped }, out)
        : this.#settle(unescaped, true, out)
    }
    const alone = readAs(raw)
    if (isExact(alone)) {
      // Unfinished as python means it: only the next byte tells.
      if (escaped.end >= 0) return this.#settle(alone, false, out)
      this.#giveUpHeld(out)
      return this.#hold({ raw: gather(new Uint8Array(raw)), chained, otherwise: alone }, out)
    }
    if (escaped.end >= 0 && escaped.clean && escaped.meant) return this.#settle(escaped, chains, out)
    // A raw END inside a frame of the sketch: more of it is to come.
    if (unescaped && unescaped.end < 0 && unescaped.clean && !(held === undefined && alone.clean))
      return this.#hold({ raw: joined!, chained }, out)
    if (escaped.end >= 0 && (escaped.meant || held === undefined)) return this.#settle(escaped, chains, out)
    if (chains) return this.#hold({ raw: joined!, chained }, out)
    this.#giveUpHeld(out)
    if (raw.length > 0) this.#hold({ raw: gather(new Uint8Array(raw)), chained }, out)
    else this.#afterEmpty = true
  }

  #hold(held: Held, out: (DecodedPacket | WireFault)[]): void {
    this.#afterEmpty = false
    if (held.raw.length > this.#rawBytesMax || held.chained.length > this.#packetBytesMax) this.#overflow(out)
    else this.#held = held
  }

  #giveUpHeld(out: (DecodedPacket | WireFault)[]): void {
    const held = this.#held
    this.#held = undefined
    if (held?.otherwise !== undefined) this.#deliver(held.otherwise.bytes, 0, held.otherwise.end, out)
    else if (held !== undefined) out.push(new WireFault('truncated', 'a frame that ended before its packet'))
    this.#afterEmpty = false
  }

  #settle(reading: Reading, usesHeld: boolean, out: (DecodedPacket | WireFault)[]): void {
    if (usesHeld) this.#held = undefined
    else this.#giveUpHeld(out)
    this.#deliver(reading.bytes, 0, reading.end, out)
  }

  #deliver(bytes: Uint8Array, start: number, end: number, out: (DecodedPacket | WireFault)[]): void {
    this.#afterEmpty = false
    if (end - start > this.#packetBytesMax) out.push(new WireFault('too-long', `a packet of ${end - start} bytes`))
    else out.push(decodePacket(bytes, start))
  }
}

/** What was framed twice shows, once unescaped, a whole frame with its END. */
function readTwiceFramed(reading: Reading): Reading | undefined {
  const { bytes } = reading
  const end = bytes.length - 1
  if (end < 2 || bytes[end] !== kissEnd) return undefined
  const inner = new Gathered()
  inner.appendUnescaped(bytes.subarray(0, end), 0)
  const twice = readAs(inner.view())
  return isExact(twice) ? twice : undefined
}
