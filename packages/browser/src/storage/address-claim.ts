// One address, one holder among the tabs of a browser. A tab that is duplicated copies its sessionStorage, and with it
// the address of the tab that it was copied from; whoever holds the address already keeps it.
//
// Web Locks decide where they exist. An insecure origin has none: there the tabs ask each other by BroadcastChannel, and
// of two that ask at once the one with the smaller token goes first.

import { lockWaitMs, questionWaitMs } from './limits.ts'

export interface AddressClaim {
  release(): void
}

/** Undefined: another tab (or another mesh of this page) holds it. Never rejects. */
export async function claimAddress(name: string): Promise<AddressClaim | undefined> {
  if (typeof navigator === 'object' && 'locks' in navigator) return claimByLock(name)
  if (typeof BroadcastChannel === 'function') return claimByQuestion(name)
  return { release: () => {} }
}

function claimByLock(name: string): Promise<AddressClaim | undefined> {
  return new Promise((resolve) => {
    const held = new Promise<void>((release) => {
      navigator.locks
        .request(`hopmesh ${name}`, { signal: AbortSignal.timeout(lockWaitMs) }, () => {
          resolve({ release })
          return held
        })
        .catch((error: unknown) => {
          const refused = !(error instanceof DOMException) || (error.name !== 'TimeoutError' && error.name !== 'AbortError')
          // A browser that refuses locks altogether (a sandboxed frame) cannot tell: the claim stands unguarded.
          resolve(refused ? { release } : undefined)
        })
    })
  })
}

interface ClaimMessage {
  readonly kind: 'ask' | 'held'
  readonly name: string
  readonly token: string
}

function claimByQuestion(name: string): Promise<AddressClaim | undefined> {
  return new Promise((resolve) => {
    const channel = new BroadcastChannel('hopmesh addresses')
    const token = crypto.getRandomValues(new Uint32Array(2)).join('-')
    let holding = false
    const say = (message: ClaimMessage): void => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has none, it stays in its origin
      channel.postMessage(message)
    }
    const timer = setTimeout(() => {
      holding = true
      resolve({ release: () => channel.close() })
    }, questionWaitMs)
    channel.addEventListener('message', (event: MessageEvent<unknown>) => {
      const message = event.data as ClaimMessage
      if (message?.name !== name) return
      if (message.kind === 'ask' && (holding || token < message.token)) return say({ kind: 'held', name, token: message.token })
      if (message.kind !== 'held' || message.token !== token || holding) return
      clearTimeout(timer)
      channel.close()
      resolve(undefined)
    })
    say({ kind: 'ask', name, token })
  })
}
