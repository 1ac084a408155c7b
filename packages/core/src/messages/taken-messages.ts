// Which messages were taken: each once by (who sent it, its id), also when the tab that took it was loaded anew, or another tab of
// the same profile gets it again. The id is kept before the message is handed out and answered: a process that dies in between was
// told a message and may have done nothing with it, but none is handed out twice.

import type { Awaitable } from '../ports/crypto.ts'
import type { Clock } from '../ports/clock.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { isMessageId } from './message-codec.ts'
import type { MessageStore } from './message-store.ts'
import { letterTtlMsMax } from './letter.ts'

/** Longer than any sender keeps a message, and clocks may differ by a day. */
export const takenMsMax: number = letterTtlMsMax + 86_400_000
/** Ids of one sender: four times what an honest one has waiting. The oldest is forgotten, and nobody else's. */
export const takenOfSenderMax = 4_096
/** Ids in all; above it the sender with the most of them loses its oldest. */
export const takenMax = 65_536
const scope = 'taken/'

/** When it was taken, in milliseconds since 1970; a promise while the store is asked. */
type Taken = number | Promise<boolean>

export class TakenMessages {
  readonly #clock: Clock
  readonly #senders = new Map<string, Map<string, Taken>>()
  #size = 0
  #store: MessageStore | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many ids are remembered. */
  get size(): number {
    return this.#size
  }

  attach(store: MessageStore | undefined): void {
    this.#store = store
    if (store) void this.#load(store)
  }

  /** True: it is for the first time, and from now on it is not. */
  add(who: string, id: string): Awaitable<boolean> {
    const known = this.#senders.get(who)?.get(id)
    if (known instanceof Promise) return known.then(() => false)
    if (known !== undefined) return false
    const now = this.#clock.wallTime()
    const answer = this.#keep(who, id, now)
    this.#remember(who, id, answer instanceof Promise ? answer : now)
    if (!(answer instanceof Promise)) return answer
    return answer.then((added) => {
      const ids = this.#senders.get(who)
      if (ids?.has(id)) ids.set(id, now)
      return added
    })
  }

  /** It was not handed out after all. */
  release(who: string, id: string): void {
    const ids = this.#senders.get(who)
    if (!ids?.delete(id)) return
    this.#size -= 1
    if (ids.size === 0) this.#senders.delete(who)
    this.#store?.delete([`${scope}${who}/${id}`])
  }

  #keep(who: string, id: string, now: number): Awaitable<boolean> {
    const added = this.#store?.add(`${scope}${who}/${id}`, new ByteWriter(6).u48(Math.max(0, now)).finish())
    return added instanceof Promise ? added.then((first) => first ?? true) : (added ?? true)
  }

  #remember(who: string, id: string, taken: Taken): void {
    const ids = this.#senders.get(who) ?? new Map<string, Taken>()
    this.#senders.set(who, ids)
    if (!ids.has(id)) this.#size += 1
    ids.set(id, taken)
    if (ids.size > takenOfSenderMax) this.#forget(who, ids, ids.size - takenOfSenderMax)
    if (this.#size > takenMax) this.#relieve()
  }

  #relieve(): void {
    let most = ''
    for (const [who, { size }] of this.#senders) if (size > (this.#senders.get(most)?.size ?? 0)) most = who
    const ids = this.#senders.get(most)
    if (ids) this.#forget(most, ids, Math.ceil(ids.size / 8))
  }

  #forget(who: string, ids: Map<string, Taken>, count: number): void {
    const oldest = [...ids.keys()].slice(0, count)
    for (const id of oldest) ids.delete(id)
    this.#size -= oldest.length
    if (ids.size === 0) this.#senders.delete(who)
    this.#store?.delete(oldest.map((id) => `${scope}${who}/${id}`))
  }

  /** What stands there already is looked up by `add` in any case: this is for the bounds, and for what is too old. */
  async #load(store: MessageStore): Promise<void> {
    const now = this.#clock.wallTime()
    const old: string[] = []
    const found: { who: string; id: string; at: number }[] = []
    for (const [key, value] of (await store.list(scope)) ?? []) {
      const [, who = '', id = ''] = key.split('/')
      const at = new ByteReader(value).u48()
      if (isMessageId(id) && at > now - takenMsMax) found.push({ who, id, at })
      else old.push(key)
    }
    for (const { who, id, at } of found.toSorted((one, other) => one.at - other.at)) {
      if (!this.#senders.get(who)?.has(id)) this.#remember(who, id, at)
    }
    store.delete(old)
  }
}
