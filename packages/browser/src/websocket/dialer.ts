// Opens a WebSocket to a relay and says in words why it did not open. The browser tells a page almost nothing about a
// failed connection (on purpose), so the message names what the page itself can know.

import { MeshError } from '@hopmesh/core'
import type { Channel, Clock } from '@hopmesh/core'
import type { PageLife } from '../page-life.ts'
import { WebSocketChannel } from './channel.ts'
import { dialTimeoutMs } from './limits.ts'

/** The subprotocol that makes a relay speak binary link frames instead of ALN's JSON text. */
export const subprotocol = 'hopmesh.1'

export interface WebSocketDialOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly life?: PageLife | undefined
  readonly timeoutMs?: number | undefined
}

/** Rejects with INVALID_OPTION (not a ws:// or wss:// URL), RELAY_UNREACHABLE or ABORTED. */
export function dialWebSocket(url: string, options: WebSocketDialOptions): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const problem = whyNot(url)
    if (problem !== undefined) return reject(problem)
    if (options.signal.aborted) return reject(aborted(url))
    let socket: WebSocket
    try {
      socket = new WebSocket(url, subprotocol)
    } catch (error) {
      return reject(unreachable(url, 'the browser refused to open it', error))
    }
    socket.binaryType = 'arraybuffer'
    const timeoutMs = options.timeoutMs ?? dialTimeoutMs
    const stopTimer = options.clock.setTimer(timeoutMs, () => giveUp(unreachable(url, `no answer in ${timeoutMs} ms`)))
    const onAbort = (): void => giveUp(aborted(url))
    options.signal.addEventListener('abort', onAbort, { once: true })
    const forgetLeaving = options.life?.track(() => giveUp(unreachable(url, 'the page was left')))
    const settle = (): void => {
      stopTimer()
      forgetLeaving?.()
      options.signal.removeEventListener('abort', onAbort)
      socket.removeEventListener('open', onOpen)
      socket.removeEventListener('close', onClose)
    }
    const giveUp = (error: MeshError): void => {
      settle()
      socket.close()
      reject(error)
    }
    const onOpen = (): void => {
      if (socket.protocol !== subprotocol) return giveUp(unreachable(url, `what answers there does not speak ${subprotocol}`))
      settle()
      const channel = new WebSocketChannel(socket, { clock: options.clock, label: url, onEnd: () => forget?.() })
      const forget = options.life?.track(() => channel.close('the page was left'))
      resolve(channel)
    }
    const onClose = (event: CloseEvent): void => giveUp(unreachable(url, whyClosed(event)))
    socket.addEventListener('open', onOpen)
    socket.addEventListener('close', onClose)
  })
}

function whyNot(url: string): MeshError | undefined {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:')) {
    return new MeshError('INVALID_OPTION', `The relay '${url}' is not a ws:// or wss:// URL`)
  }
  if (typeof WebSocket === 'undefined') return unreachable(url, 'this runtime has no WebSocket; in Node.js join with @hopmesh/server')
  if (parsed.protocol === 'ws:' && typeof location === 'object' && location.protocol === 'https:' && !isLoopback(parsed.hostname)) {
    return unreachable(url, 'a page on https:// may only open wss:// relays')
  }
  return undefined
}

// A page on https:// may talk to its own machine without TLS.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname.startsWith('127.') || hostname === '[::1]'
}

function whyClosed(event: CloseEvent): string {
  if (event.reason !== '') return `it closed with '${event.reason}' (code ${event.code})`
  if (typeof navigator === 'object' && !navigator.onLine) return 'this device is offline'
  return `nothing there accepts the connection, or it does not speak ${subprotocol} (code ${event.code})`
}

function unreachable(url: string, why: string, cause?: unknown): MeshError {
  return new MeshError('RELAY_UNREACHABLE', `The relay ${url} cannot be reached: ${why}`, { cause, tried: [`${url}: ${why}`] })
}

function aborted(url: string): MeshError {
  return new MeshError('ABORTED', `The connection to ${url} was given up`)
}
