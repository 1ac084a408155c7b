/** A small key–value store that outlives the process: IndexedDB in a page, a file in Node, a map in the simulator. */
export interface Storage {
  get(key: string): Promise<unknown>
  set(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<void>
}
