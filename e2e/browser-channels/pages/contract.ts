// Runs the channel contract inside a real page: WebRTC between two ends in this page, WebSocket between two sockets of
// this page that a small server joins. Left at `window.contract` for the test.

import type { Channel, OpenedAttempt } from '@hopmesh/core'
import { channelContractCasesFor } from '@hopmesh/core/testing'
import type { ChannelPair, ChannelWorld } from '@hopmesh/core/testing'
import { webRtcDialer } from '../../../packages/browser/src/webrtc/dialer.ts'
import { dialWebSocket } from '../../../packages/browser/src/websocket/dialer.ts'
import { pageClock } from './page-clock.ts'

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function webRtcPair(): Promise<ChannelPair> {
  const dialer = webRtcDialer({ clock: pageClock, iceServers: [] })
  if (dialer === undefined) throw new Error('no RTCPeerConnection')
  // Like the mesh, signals arrive later and never inside `send`.
  const ends: { offers?: OpenedAttempt; answers?: OpenedAttempt } = {}
  ends.offers = dialer.open({ role: 'dialer', send: (signal) => setTimeout(() => ends.answers?.signal(signal)) })
  ends.answers = dialer.open({ role: 'listener', send: (signal) => setTimeout(() => ends.offers?.signal(signal)) })
  const [offering, answering] = await Promise.all([ends.offers.channel, ends.answers.channel])
  return { dialer: offering, listener: answering }
}

let pairs = 0

async function webSocketPair(pipeUrl: string): Promise<ChannelPair> {
  pairs += 1
  const url = `${pipeUrl}/pipe-${Date.now()}-${pairs}`
  const { signal } = new AbortController()
  const [first, second] = await Promise.all([
    dialWebSocket(url, { clock: pageClock, signal }),
    dialWebSocket(url, { clock: pageClock, signal }),
  ])
  return { dialer: first, listener: asListener(second) }
}

/** In a page every WebSocket is dialled; the contract wants one end of a pair to be the other role. */
function asListener(channel: Channel): Channel {
  return {
    medium: channel.medium,
    carries: channel.carries,
    role: 'listener',
    label: channel.label,
    messageBytesMax: channel.messageBytesMax,
    get bufferedBytes() {
      return channel.bufferedBytes
    },
    start: (receiver) => channel.start(receiver),
    send: (message) => channel.send(message),
    close: (detail) => channel.close(detail),
  }
}

async function runAll(world: ChannelWorld): Promise<{ title: string; failure?: string }[]> {
  const results: { title: string; failure?: string }[] = []
  for (const contractCase of channelContractCasesFor('frames')) {
    const { title } = contractCase
    try {
      await contractCase.run(world)
      results.push({ title })
    } catch (error) {
      results.push({ title, failure: String(error) })
    }
  }
  return results
}

async function bindings(): Promise<string[]> {
  const { dialer, listener } = await webRtcPair()
  const texts = [dialer, listener].map(({ binding }) => new TextDecoder().decode(binding))
  dialer.close()
  return texts
}

/** Fills the channel, closes it in the same turn, and tells how many bytes were taken and how many arrived. */
async function closesFull(): Promise<{ taken: number; arrived: number; ends: string[] }> {
  const { dialer, listener } = await webRtcPair()
  const result = { taken: 0, arrived: 0, ends: [] as string[] }
  const ended = new Promise<void>((resolve) => {
    listener.start({
      message: (bytes) => {
        result.arrived += bytes.length
      },
      drained() {},
      closed: ({ code }) => {
        result.ends.push(code)
        resolve()
      },
    })
  })
  for (let welcome = true; welcome; result.taken += 60_000) welcome = dialer.send(new Uint8Array(60_000))
  dialer.close()
  await ended
  return result
}

async function arrivesAs(): Promise<string> {
  const { dialer, listener } = await webRtcPair()
  const name = new Promise<string>((resolve) => {
    listener.start({
      message: (bytes) => resolve(Object.getPrototypeOf(bytes) === Uint8Array.prototype ? 'Uint8Array' : 'a subclass'),
      drained() {},
      closed() {},
    })
  })
  dialer.send(Uint8Array.of(1, 2, 3))
  const answer = await name
  dialer.close()
  return answer
}

async function refusal(url: string): Promise<string> {
  try {
    await dialWebSocket(url, { clock: pageClock, signal: new AbortController().signal, timeoutMs: 1_000 })
    return 'opened'
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`
  }
}

const contract = {
  webRtc: () => runAll({ open: webRtcPair, wait }),
  webSocket: (pipeUrl: string) => runAll({ open: () => webSocketPair(pipeUrl), wait }),
  bindings,
  closesFull,
  arrivesAs,
  refusal,
}

export type ContractPage = typeof contract

Object.assign(window, { contract })
