// The life of a page, as far as links care. A page that is left closes its links at once: the others notice within
// milliseconds instead of half a minute, and the browser may keep the page for the back button. While it is away nothing
// is dialled; when it comes back, or the device is online again, everything is dialled at once.

export interface PageLife {
  /** Calls `leave` when the page goes away; the returned function forgets it. */
  track(leave: () => void): () => void
  /** Calls `back` when the page is shown again or the device is online again; the returned function forgets it. */
  onBack(back: () => void): () => void
  /** Resolves at once while the page is there, else when it is back. */
  present(): Promise<void>
  /** Stops watching. */
  stop(): void
}

/** `target` is the window; undefined in a worker or in Node.js, where nothing ever happens. */
export function watchPageLife(target: EventTarget | undefined): PageLife {
  const leavers = new Set<() => void>()
  const backs = new Set<() => void>()
  const waiting = new Set<() => void>()
  const controller = new AbortController()
  let away = false
  const cameBack = (): void => {
    away = false
    for (const resolve of waiting) resolve()
    waiting.clear()
    for (const back of backs) back()
  }
  const { signal } = controller
  const pageHidden = (): void => {
    away = true
    for (const leave of leavers) leave()
  }
  const pageShown = (event: Event): void => {
    if ((event as PageTransitionEvent).persisted) cameBack()
  }
  const online = (): void => {
    if (!away) cameBack()
  }
  target?.addEventListener('pagehide', pageHidden, { signal })
  target?.addEventListener('pageshow', pageShown, { signal })
  target?.addEventListener('online', online, { signal })
  const added = (set: Set<() => void>, callback: () => void): (() => void) => {
    set.add(callback)
    return () => set.delete(callback)
  }
  return {
    track: (leave) => added(leavers, leave),
    onBack: (back) => added(backs, back),
    present() {
      if (!away) return Promise.resolve()
      return new Promise((resolve) => {
        waiting.add(resolve)
      })
    },
    stop() {
      controller.abort()
      leavers.clear()
      backs.clear()
      // Who waits for the page to come back must not wait for ever.
      cameBack()
    },
  }
}
