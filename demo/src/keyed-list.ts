/** One row of a list that lives as long as its key, so that focus and half-done clicks survive an update. */
export interface Row<T> {
  readonly node: HTMLElement
  update(item: T): void
}

export interface KeyedListOptions<T> {
  readonly list: HTMLElement
  readonly key: (item: T) => string
  readonly create: (item: T) => Row<T>
}

/** Shows items as the children of a list element, in their order. */
export class KeyedList<T> {
  readonly #options: KeyedListOptions<T>
  readonly #rows = new Map<string, Row<T>>()

  constructor(options: KeyedListOptions<T>) {
    this.#options = options
  }

  show(items: readonly T[]): void {
    const { list, key, create } = this.#options
    const wanted = new Set(items.map((item) => key(item)))
    for (const [name, row] of this.#rows) {
      if (wanted.has(name)) continue
      row.node.remove()
      this.#rows.delete(name)
    }
    items.forEach((item, index) => {
      const name = key(item)
      const row = this.#rows.get(name) ?? create(item)
      this.#rows.set(name, row)
      row.update(item)
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] ?? null)
    })
  }
}
