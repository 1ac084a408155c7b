const delayMs = 40

/** Many changes in a moment are shown once. A timer and not an animation frame: a hidden tab gets no frames. */
export function updateSoon(update: () => void): () => void {
  let waiting = false
  return () => {
    if (waiting) return
    waiting = true
    setTimeout(() => {
      waiting = false
      update()
    }, delayMs)
  }
}
