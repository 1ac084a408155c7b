import type { Connection } from './connection.ts'
import type { SentFrame } from './record-draft.ts'
import type { SessionFrame } from './session-frames.ts'

export interface CarriersOwner {
  /** Packets with the id of this connection no longer find it. */
  dropped(connection: Connection): void
  /** It was on its way under other keys and has to be said again. */
  lost(frame: SentFrame): void
}

/**
 * The connections of one session. One carries it. A newer one is a candidate until the peer has used its keys: before that, nobody knows
 * that it was the peer who asked for it (SE14). The one before still hears what is on its way to it.
 */
export class Carriers {
  readonly #owner: CarriersOwner
  #current: Connection
  #candidate: Connection | undefined
  #retired: Connection | undefined

  constructor(first: Connection, owner: CarriersOwner) {
    this.#current = first
    this.#owner = owner
  }

  get current(): Connection {
    return this.#current
  }

  get candidate(): Connection | undefined {
    return this.#candidate
  }

  adopt(connection: Connection): void {
    const rival = this.#candidate ?? this.#current
    if (connection.peerLife === rival.peerLife && !isNewer(connection, rival)) {
      // It came through late. The peer may still use it for a moment.
      this.#drop(this.#retired)
      this.#retired = connection
    } else {
      this.#drop(this.#candidate)
      this.#candidate = connection
    }
  }

  /** The peer has used the keys of `connection`. True: it carries the session from now on. */
  verified(connection: Connection): boolean {
    if (this.#candidate !== connection) return false
    const before = this.#current
    this.#current = connection
    this.#candidate = undefined
    this.#drop(this.#retired)
    this.#retired = undefined
    if (before.peerLife === connection.peerLife) {
      this.#retired = before
      this.#takeBack(before.retire())
    } else {
      this.#drop(before)
    }
    return true
  }

  /** Not the one that carries. */
  remove(connection: Connection): void {
    this.#drop(connection)
    if (this.#candidate === connection) this.#candidate = undefined
    if (this.#retired === connection) this.#retired = undefined
  }

  /** All of them; what they had in flight is given back first. */
  giveBack(): void {
    this.#takeBack(this.#current.retire())
    this.end()
  }

  /** All of them; what they had in flight does not matter any more. */
  end(farewell?: SessionFrame): void {
    this.#current.close(farewell)
    this.#drop(this.#current)
    this.#drop(this.#candidate)
    this.#drop(this.#retired)
  }

  routeChanged(): void {
    this.#current.routeChanged()
    this.#candidate?.routeChanged()
  }

  #drop(connection: Connection | undefined): void {
    if (connection === undefined) return
    connection.close()
    this.#owner.dropped(connection)
  }

  #takeBack(frames: readonly SentFrame[]): void {
    for (const frame of frames) this.#owner.lost(frame)
  }
}

/** Both sides count the same: orders are said in the handshake. */
function isNewer(connection: Connection, than: Connection): boolean {
  return connection.order === than.order ? connection.bySmaller && !than.bySmaller : connection.order > than.order
}
