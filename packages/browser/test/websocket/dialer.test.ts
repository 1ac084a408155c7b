import { MeshError } from '@hopmesh/core'
import { VirtualClock } from '@hopmesh/core/testing'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { watchPageLife } from '../../src/page-life.ts'
import type { PageLife } from '../../src/page-life.ts'
import { shortened } from '../../src/websocket/channel.ts'
import { dialWebSocket } from '../../src/websocket/dialer.ts'
import { closeReasonBytesMax, dialTimeoutMs } from '../../src/websocket/limits.ts'

class FakeSocket extends EventTarget {
  static made: FakeSocket[] = []
  static readonly OPEN = 1
  readonly url: string
  protocol: string
  binaryType = 'blob'
  readyState = 0
  bufferedAmount = 0
  closes = 0

  constructor(url: string, protocol: string) {
    super()
    this.url = url
    this.protocol = protocol
    FakeSocket.made.push(this)
  }

  close(): void {
    this.closes += 1
  }

  open(): void {
    this.readyState = FakeSocket.OPEN
    this.dispatchEvent(new Event('open'))
  }

  closed(code: number, reason = ''): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason, wasClean: code === 1000 }))
  }
}

interface Dialled {
  readonly result: Promise<string>
  readonly clock: VirtualClock
  readonly controller: AbortController
  readonly socket: FakeSocket | undefined
}

function dial(url: string, life?: PageLife): Dialled {
  FakeSocket.made = []
  vi.stubGlobal('WebSocket', FakeSocket)
  const clock = new VirtualClock()
  const controller = new AbortController()
  const result = dialWebSocket(url, { clock, signal: controller.signal, life }).then(
    (channel) => `${channel.role} of ${channel.label}`,
    (error: unknown) => (error instanceof MeshError ? `${error.code}: ${error.message}` : `not a MeshError: ${String(error)}`),
  )
  return { result, clock, controller, socket: FakeSocket.made[0] }
}

afterEach(() => vi.unstubAllGlobals())

describe('dialling a relay', () => {
  test('ALN-44 asks for hopmesh.1, takes binary, and ends with a channel', async () => {
    const { result, socket } = dial('ws://relay.example/x')
    expect([socket?.protocol, socket?.binaryType]).toEqual(['hopmesh.1', 'arraybuffer'])
    socket?.open()
    expect(await result).toBe('dialer of ws://relay.example/x')
  })

  test.each(['', 'relay.example', 'https://relay.example', 'ws//relay'])("'%s' is INVALID_OPTION", async (url) => {
    expect(await dial(url).result).toMatch(/^INVALID_OPTION: .*ws:\/\//)
  })

  test('a page on https names the reason that a ws:// relay cannot be', async () => {
    vi.stubGlobal('location', { protocol: 'https:' })
    expect(await dial('ws://relay.example').result).toBe(
      'RELAY_UNREACHABLE: The relay ws://relay.example cannot be reached: a page on https:// may only open wss:// relays',
    )
    expect(dial('ws://localhost:8080').socket).toBeDefined()
    expect(dial('wss://relay.example').socket).toBeDefined()
  })

  test('a runtime without WebSocket says where to go', async () => {
    vi.stubGlobal('WebSocket', undefined)
    const dialled = dialWebSocket('ws://relay.example', { clock: new VirtualClock(), signal: new AbortController().signal })
    await expect(dialled).rejects.toMatchObject({
      code: 'RELAY_UNREACHABLE',
      message: expect.stringMatching(/@hopmesh\/server/) as unknown,
    })
  })

  test('no answer in time: the socket is closed and the error says how long', async () => {
    const { result, clock, socket } = dial('ws://relay.example')
    await clock.advance(dialTimeoutMs)
    expect(await result).toMatch(/^RELAY_UNREACHABLE: .*no answer in 8000 ms/)
    expect(socket?.closes).toBe(1)
  })

  test('a refusal is repeated in its own words', async () => {
    const { result, socket } = dial('ws://relay.example')
    socket?.closed(1008, 'too many of you')
    expect(await result).toMatch(/too many of you.*1008/)
  })

  test('another protocol is not taken', async () => {
    const { result, socket } = dial('ws://relay.example')
    if (socket) socket.protocol = ''
    socket?.open()
    expect(await result).toMatch(/^RELAY_UNREACHABLE: .*does not speak hopmesh\.1/)
    expect(socket?.closes).toBe(1)
  })

  test('abort gives up', async () => {
    const { result, controller, socket } = dial('ws://relay.example')
    controller.abort()
    expect(await result).toMatch(/^ABORTED: /)
    expect(socket?.closes).toBe(1)
  })

  test('a page that is left closes what is being dialled and what is open', async () => {
    const window = new EventTarget()
    const life = watchPageLife(window)
    const dialling = dial('ws://relay.example', life)
    const open = dial('ws://relay.example', life)
    open.socket?.open()
    expect(await open.result).toMatch(/^dialer/)
    window.dispatchEvent(new Event('pagehide'))
    expect(await dialling.result).toMatch(/^RELAY_UNREACHABLE: .*the page was left/)
    expect([dialling.socket?.closes, open.socket?.closes]).toEqual([1, 1])
  })
})

test('the reason of a close frame keeps whole characters and its bound', () => {
  expect(shortened('short')).toBe('short')
  const cut = shortened('ü'.repeat(200))
  expect(cut).toBe('ü'.repeat(61))
  expect(new TextEncoder().encode(cut).length).toBeLessThanOrEqual(closeReasonBytesMax)
})
