// The life of a page, as far as links care. A page that is left closes its links at once: the others notice within
// milliseconds instead of half a minute, and the browser may keep the page for the back button. While it is away nothing
// is dialled; when it comes back, or the device is online again, everything is dialled at once.

export interface PageLife {
  /** Calls `leave` when the page goes away; the returned function forgets it. */
  track(leave: () => void): () => void
  /** Calls `back` when the page is shown again or the device is online again; the returned function forgets it. */
  onBack(back: () => void): () => void
  /** Calls `changed` when the page is hidden or shown, and now if it is hidden; the returned function forgets it. */
  onHidden(changed: (hidden: boolean) => void): () => void
  /** Resolves at once while the page is there, else when it is back. */
  present(): Promise<void>
  /** Stops watching. */
  stop(): void
}

/** `target` is the window; undefined in a worker or in Node.js, where nothing ever happens. */
export function watchPageLife(target: EventTarget | undefined): PageLife {
  const leavers = new Set<() => void>()
  const backs = new Set<() => void>()
  const hiders = new Set<(hidden: boolean) => void>()
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
  // It bubbles from the document to the window.
  const isHidden = (): boolean => (globalThis as { document?: Document }).document?.visibilityState === 'hidden'
  const visibilityChanged = (): void => {
    for (const changed of hiders) changed(isHidden())
  }
  target?.addEventListener('visibilitychange', visibilityChanged, { signal })
  target?.addEventListener('pagehide', pageHidden, { signal })
  target?.addEventListener('pageshow', pageShown, { signal })
  target?.addEventListener('online', online, { signal })
  const added = <Callback>(set: Set<Callback>, callback: Callback): (() => void) => {
    set.add(callback)
    return () => set.delete(callback)
  }
  return {
    track: (leave) => added(leavers, leave),
    onBack: (back) => added(backs, back),
    onHidden(changed) {
      if (target && isHidden()) changed(true)
      return added(hiders, changed)
    },
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
      hiders.clear()
      // Who waits for the page to come back must not wait for ever.
      cameBack()
    },
  }
}
