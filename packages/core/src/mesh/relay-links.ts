import { MeshError } from '../errors/mesh-error.ts'
import { Backoff } from '../async/backoff.ts'
import type { Router } from '../routing/router.ts'
import type { Environment } from './environment.ts'
import { checkedRelayUrl, relaysMax } from './mesh-settings.ts'
import { RelayLink, type RelayStatus } from './relay-link.ts'

/** `mesh.relays`: the relays that this mesh keeps a link to. */
export interface Relays {
  /** Starts to dial it; nothing happens when it is known. Throws INVALID_OPTION. */
  add(url: string): void
  /** Drops the link and forgets it. */
  remove(url: string): void
  list(): readonly RelayStatus[]
}

export interface RelayLinksOptions {
  readonly environment: Environment
  readonly token: (() => Promise<string>) | undefined
  /** Called when the state of one of them changed. */
  changed(status: RelayStatus): void
}

/** A link to each relay, and another one when it breaks. One dead relay among several disturbs nobody. */
export class RelayLinks implements Relays {
  readonly #options: RelayLinksOptions
  readonly #links = new Map<string, RelayLink>()
  #router: Router | undefined
  #closed = false

  constructor(options: RelayLinksOptions) {
    this.#options = options
  }

  attach(router: Router): void {
    this.#router = router
    for (const link of this.#links.values()) link.start(router)
  }

  add(url: string): void {
    const checked = checkedRelayUrl(url)
    if (this.#closed || this.#links.has(checked)) return
    if (this.#links.size >= relaysMax) throw new MeshError('INVALID_OPTION', `a mesh keeps at most ${relaysMax} relays`)
    const { environment, token, changed } = this.#options
    const { clock, dice } = environment
    const link = new RelayLink({
      url: checked,
      clock,
      backoff: new Backoff(dice, { firstMs: 250, mostMs: 5_000 }),
      token,
      dial: (signal) => environment.dialRelay(checked, signal),
      changed,
    })
    this.#links.set(checked, link)
    if (this.#router) link.start(this.#router)
  }

  remove(url: string): void {
    this.#links.get(url)?.close(this.#router)
    this.#links.delete(url)
  }

  list(): readonly RelayStatus[] {
    return [...this.#links.values()].map(({ status }) => status)
  }

  /** Dials those that are not online, and waits for none of them. */
  hurry(options: { refused: boolean }): Promise<void>[] {
    return Array.from(this.#links.values(), (link) => link.hurry(options)).filter((tried) => tried !== undefined)
  }

  close(): void {
    this.#closed = true
    for (const link of this.#links.values()) link.close()
    this.#router = undefined
  }
}
