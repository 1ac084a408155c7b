// One address, one holder among the tabs of a browser. A tab that is duplicated copies its sessionStorage, and with it
// the address of the tab that it was copied from; whoever holds the address already keeps it.
//
// Web Locks decide where they exist. An insecure origin has none: there the tabs ask each other by BroadcastChannel, and
// of two that ask at once the one with the smaller token goes first. They ask also where there are locks: a tab that
// lives says at once that it holds the address, while a page that is being reloaded says nothing and gives its lock back
// in a moment, however long that takes a busy machine.

import { lockWaitMs, questionWaitMs } from './limits.ts'

export interface AddressClaim {
  release(): void
}

/** Undefined: another tab (or another mesh of this page) holds it. Never rejects. */
export function claimAddress(name: string): Promise<AddressClaim | undefined> {
  return new Promise((resolve) => {
    const hasLocks = typeof navigator === 'object' && 'locks' in navigator
    const giveUp = new AbortController()
    const question = askHolder(name, () => {
      giveUp.abort()
      resolve(undefined)
    })
    const claimed = (release: () => void): void => {
      question?.hold()
      resolve({
        release() {
          question?.close()
          release()
        },
      })
    }
    if (hasLocks) {
      setTimeout(() => giveUp.abort(), lockWaitMs)
      lock(name, giveUp.signal, claimed, () => {
        question?.close()
        resolve(undefined)
      })
    } else if (question) {
      const timer = setTimeout(() => claimed(() => {}), questionWaitMs)
      giveUp.signal.addEventListener('abort', () => clearTimeout(timer))
    } else claimed(() => {})
  })
}

function lock(name: string, signal: AbortSignal, claimed: (release: () => void) => void, refused: () => void): void {
  const held = new Promise<void>((release) => {
    navigator.locks
      .request(`hopmesh ${name}`, { signal }, () => {
        // It may be granted to who has just given up, as Chromium does at times; nobody would give it back.
        if (signal.aborted) return
        claimed(release)
        return held
      })
      // A browser that refuses locks altogether (a sandboxed frame) cannot tell: the claim stands unguarded.
      .catch(() => (signal.aborted ? refused() : claimed(release)))
  })
}

interface ClaimMessage {
  readonly kind: 'ask' | 'held'
  readonly name: string
  readonly token: string
}

interface Question {
  /** From now on others are told that it is held here. */
  hold(): void
  close(): void
}

/** Undefined where there is no BroadcastChannel. `held` is called once, unless it is held here by then. */
function askHolder(name: string, held: () => void): Question | undefined {
  if (typeof BroadcastChannel !== 'function') return undefined
  const channel = new BroadcastChannel('hopmesh addresses')
  const token = crypto.getRandomValues(new Uint32Array(2)).join('-')
  const own: ClaimMessage = { kind: 'ask', name, token }
  let holding = false
  const say = (message: ClaimMessage): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has none, it stays in its origin
    channel.postMessage(message)
  }
  channel.addEventListener('message', (event: MessageEvent<unknown>) => {
    const message = event.data as ClaimMessage
    if (message?.name !== name) return
    // Who asks later has not heard this one's question, and may have to answer it.
    if (message.kind === 'ask') return say(holding || token < message.token ? { kind: 'held', name, token: message.token } : own)
    if (message.token !== token || holding) return
    channel.close()
    held()
  })
  say(own)
  return { hold: () => (holding = true), close: () => channel.close() }
}
