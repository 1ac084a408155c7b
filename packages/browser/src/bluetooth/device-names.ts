// A browser that remembers a device after a reload does not remember what it calls itself.

const keyOf = (id: string): string => `hopmesh bluetooth ${id}`

export const deviceNames = {
  /** Undefined: it was never kept, or nothing can be kept here. */
  get(id: string): string | undefined {
    try {
      return localStorage.getItem(keyOf(id)) ?? undefined
    } catch {
      return undefined
    }
  },

  /** One entry for each device that a person has chosen; undefined: it is not remembered any more. */
  set(id: string, name: string | undefined): void {
    try {
      if (name === undefined) localStorage.removeItem(keyOf(id))
      else localStorage.setItem(keyOf(id), name)
    } catch {
      // Storage is full or forbidden: the device is known by its address then.
    }
  },
} as const
