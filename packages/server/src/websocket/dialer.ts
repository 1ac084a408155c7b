import { randomInt } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MeshError } from '@hopmesh/core'
import { WebSocket } from 'ws'
import { WebSocketChannel } from './channel.ts'
import { frameMessageBytesMax, subprotocol, textMessageBytesMax, upgradeTimeoutMs } from './limits.ts'

/** What is dialed. */
export interface WebSocketDialOptions {
  /** Default `frames`: a hopmesh relay. `text`: an ALN host that speaks JSON. */
  readonly carries?: 'frames' | 'text' | undefined
  /** Aborting it rejects with ABORTED. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a WebSocket as a channel. Rejects with INVALID_OPTION (not a ws: or wss: URL), RELAY_UNREACHABLE (nobody there,
 * or something else than a relay) or ABORTED.
 */
export function dialWebSocket(url: string, options: WebSocketDialOptions = {}): Promise<WebSocketChannel> {
  const { carries = 'frames', signal } = options
  return new Promise((resolve, reject) => {
    const target = webSocketUrl(url)
    if (signal?.aborted) return reject(new MeshError('ABORTED', 'The connect was aborted', { cause: signal.reason }))
    const ws = new WebSocket(target, carries === 'frames' ? [subprotocol] : [], {
      maxPayload: carries === 'frames' ? frameMessageBytesMax : textMessageBytesMax,
      perMessageDeflate: false,
      handshakeTimeout: upgradeTimeoutMs,
      generateMask: drawMask,
      followRedirects: false,
    })
    let socket: Duplex | undefined
    const onAbort = (): void => fail(new MeshError('ABORTED', 'The connect was aborted', { cause: signal?.reason }))
    const fail = (error: MeshError): void => {
      signal?.removeEventListener('abort', onAbort)
      ws.on('error', () => {}) // `terminate` of a socket that was never open emits one more.
      ws.terminate()
      reject(error)
    }
    const onError = (error: Error): void => fail(new MeshError('RELAY_UNREACHABLE', `${url}: ${explain(error)}`, { cause: error }))
    signal?.addEventListener('abort', onAbort, { once: true })
    ws.once('error', onError)
    ws.once('upgrade', (response) => {
      socket = response.socket
    })
    ws.once('open', () => {
      signal?.removeEventListener('abort', onAbort)
      ws.off('error', onError)
      if (socket === undefined) return fail(new MeshError('RELAY_UNREACHABLE', `${url}: no socket`))
      resolve(new WebSocketChannel(ws, { role: 'dialer', carries, label: url, socket }))
    })
  })
}

/** Never zero, of which `ws` would make no copy. */
function drawMask(mask: Buffer): void {
  mask.writeUInt32BE(randomInt(1, 2 ** 32))
}

function webSocketUrl(url: string): URL {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch (error) {
    throw new MeshError('INVALID_OPTION', `'${url}' is not a URL; a relay is ws://host:port or wss://host`, { cause: error })
  }
  if (parsed.protocol !== 'ws:' && parsed.protocol !== 'wss:') {
    throw new MeshError('INVALID_OPTION', `'${url}' is not a WebSocket URL; a relay is ws://host:port or wss://host`)
  }
  parsed.hash = ''
  return parsed
}

/** In words for people, what `ws` and the sockets below it say in theirs. */
function explain(error: Error & { code?: string; errors?: readonly Error[] }): string {
  const first = error.errors?.[0]
  if (first !== undefined) return explain(first)
  if (error.code === 'ECONNREFUSED') return 'nobody listens there'
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return 'unknown host'
  if (/subprotocol/i.test(error.message)) return `a WebSocket server, but no hopmesh relay (it did not choose ${subprotocol})`
  const status = /Unexpected server response: (\d+)/.exec(error.message)
  if (status !== null) return `no hopmesh relay there (HTTP ${status[1]})`
  if (/^Parse Error|Invalid Sec-WebSocket|Invalid Upgrade/i.test(error.message)) return 'no hopmesh relay there (it speaks something else)'
  if (/handshake has timed out/.test(error.message)) return 'it accepted the connection and did not answer'
  return error.message === '' ? (error.code ?? 'failed') : error.message
}
