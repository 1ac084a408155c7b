// Adverts of routes as bytes. They repeat the same destinations while something is on the move, so each direction of a link
// remembers the last few, and a number is sent as its distance from the last one of that destination.

import { MeshError } from '../errors/mesh-error.ts'
import { unzigzag, zigzag, ByteWriter, type ByteReader } from './bytes.ts'
import { metricInfinite, type ControlMessage, type RouteEntry } from './control.ts'
import { controlItemBytesMax, malformedControl, readAddress, routeEntriesMax, writeAddress } from './control-item.ts'
import { namesMax, RecentNames } from './recent-names.ts'
import { WireFault } from './wire-fault.ts'

/** Entries of one complete dump. */
const dumpEntriesMax = 65_536
const seq48Max = 2 ** 48 - 1
/** The type of a control message that is about routes. */
export const routesType = 1

/** Of a `routes` item. A dump that takes several items: `first` … `last`; `reset`: all names are forgotten beforehand. */
const routesFlags = { complete: 1, first: 2, last: 4, reset: 8 } as const
/** Of an entry. A withdrawal needs no metric. */
const entryFlags = { withdrawn: 1, fragile: 2, tagged: 4 } as const

/** One direction of one link: what it encodes refers to what it encoded before, so items must arrive in order. */
export class RoutesEncoder {
  /** More names than this are all forgotten between messages. */
  namesKept: number = namesMax
  readonly #recent = new RecentNames()
  #reset = true

  /** One or more items. Throws TOO_LARGE. */
  encode(entries: readonly RouteEntry[], complete: boolean): Uint8Array[] {
    if (complete && entries.length > dumpEntriesMax) {
      throw new MeshError('TOO_LARGE', `A dump of ${entries.length} routes; ${dumpEntriesMax} fit.`)
    }
    const items: Uint8Array[] = []
    let done = 0
    do {
      const first = done === 0 ? routesFlags.first : 0
      const reset = this.#reset ? routesFlags.reset : 0
      if (this.#reset) this.#recent.clear()
      // Should an entry throw, the names before it were never sent: the next message starts anew.
      this.#reset = true
      const body = new ByteWriter(Math.min(controlItemBytesMax, 64 + 16 * (entries.length - done)))
      let count = 0
      // The longest entry is a new name: 1 + 1 + 100, flags, 8 of number, 3 of metric, hops, 4 of tag; and 5 for the head.
      while (done < entries.length && count < routeEntriesMax && body.length + 120 + 5 <= controlItemBytesMax) {
        this.#encodeEntry(body, entries[done]!)
        done++
        count++
      }
      this.#reset = false
      const last = done === entries.length ? routesFlags.last : 0
      const head = new ByteWriter(body.length + 8)
        .u8(routesType)
        .u8((complete ? routesFlags.complete : 0) | first | last | reset)
        .varint(count)
      items.push(head.bytes(body.view()).finishShared())
      body.release()
    } while (done < entries.length)
    if (this.#recent.size > this.namesKept) {
      this.#recent.clear()
      this.#reset = true
    }
    return items
  }

  #encodeEntry(writer: ByteWriter, entry: RouteEntry): void {
    const { destination, seq48 } = entry
    let place = this.#recent.placeOf(destination)
    if (place < 0) {
      writeAddress(writer.varint(0), destination)
      place = this.#recent.add(destination)
    } else {
      writer.varint(place + 1)
    }
    const withdrawn = entry.metric >= metricInfinite
    const tagged = entry.tag !== undefined && !withdrawn
    writer.u8((withdrawn ? entryFlags.withdrawn : 0) | (entry.fragile ? entryFlags.fragile : 0) | (tagged ? entryFlags.tagged : 0))
    writer.varint(zigzag(seq48 - this.#recent.numberAt(place)))
    this.#recent.number(place, seq48)
    if (!withdrawn) writer.varint(entry.metric)
    writer.u8(Math.min(entry.hops, 255))
    if (tagged) writer.u32(entry.tag)
  }
}

const namesLost = new WireFault('bad-value', 'routes after a fault that lost the names')

/** The other end of a `RoutesEncoder`. */
export class RoutesDecoder {
  readonly #recent = new RecentNames()
  /** The parts of a complete dump so far; undefined outside of one. */
  #dump: RouteEntry[] | undefined
  #broken = true

  /** What stands behind the type. After a fault everything is one, until the sender begins anew. */
  decode(reader: ByteReader): ControlMessage | WireFault {
    const message = this.#read(reader)
    if (message instanceof WireFault) {
      this.#broken = true
      this.#dump = undefined
    }
    return message
  }

  #read(reader: ByteReader): ControlMessage | WireFault {
    const flags = reader.u8()
    const count = reader.varint()
    if (reader.failed) return malformedControl
    if (count > routeEntriesMax) return new WireFault('too-long', `${count} routes in one message`)
    if (flags & routesFlags.reset) {
      this.#recent.clear()
      this.#broken = false
    }
    if (this.#broken) return namesLost
    const complete = (flags & routesFlags.complete) !== 0
    if (flags & routesFlags.first) this.#dump = complete ? [] : undefined
    else if (complete && this.#dump === undefined) return new WireFault('bad-value', 'a dump without its beginning')
    const entries: RouteEntry[] = []
    for (let at = 0; at < count; at++) {
      const entry = this.#decodeEntry(reader)
      if (entry === undefined) return malformedControl
      entries.push(entry)
    }
    if (!complete) return { type: 'routes', entries, complete: false }
    const dump = this.#dump!
    if (dump.length + entries.length > dumpEntriesMax) return new WireFault('too-long', 'a dump without end')
    for (const entry of entries) dump.push(entry)
    if ((flags & routesFlags.last) === 0) return { type: 'routes', entries: [], complete: false }
    this.#dump = undefined
    return { type: 'routes', entries: dump, complete: true }
  }

  #decodeEntry(reader: ByteReader): RouteEntry | undefined {
    const reference = reader.varint()
    let place = reference - 1
    if (reference === 0) {
      const name = readAddress(reader)
      if (reader.failed) return undefined
      place = this.#recent.add(name)
    }
    const destination = this.#recent.at(place)
    if (destination === undefined) return undefined
    const flags = reader.u8()
    const seq48 = this.#recent.numberAt(place) + unzigzag(reader.varint())
    const metric = flags & entryFlags.withdrawn ? metricInfinite : reader.varint()
    const hops = reader.u8()
    const tag = flags & entryFlags.tagged ? reader.u32() : undefined
    if (reader.failed || seq48 < 0 || seq48 > seq48Max || metric > metricInfinite) return undefined
    this.#recent.number(place, seq48)
    if (tag === undefined && !(flags & entryFlags.fragile)) return { destination, seq48, metric, hops }
    return { destination, seq48, metric, hops, ...(flags & entryFlags.fragile ? { fragile: true } : {}), tag }
  }
}
