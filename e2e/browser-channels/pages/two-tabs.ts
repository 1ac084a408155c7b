// One end of a WebRTC link between two tabs; the signals go by BroadcastChannel. `#dialer` or `#listener` says which end.

import { watchPageLife } from '../../../packages/browser/src/page-life.ts'
import { webRtcDialer } from '../../../packages/browser/src/webrtc/dialer.ts'
import { pageClock } from './page-clock.ts'

const role = location.hash === '#dialer' ? 'dialer' : 'listener'
const signals = new BroadcastChannel('two tabs')
const dialer = webRtcDialer({ clock: pageClock, iceServers: [], life: watchPageLife(window) })
if (dialer === undefined) throw new Error('no RTCPeerConnection')
const attempt = dialer.open({
  role,
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has none
  send: (signal) => signals.postMessage({ from: role, signal }),
})
signals.addEventListener('message', (event: MessageEvent<{ from: string; signal: string }>) => {
  if (event.data.from !== role) attempt.signal(event.data.signal)
})

const tab = {
  heard: [] as string[],
  /** Set when the channel has closed: the code. */
  closed: undefined as string | undefined,
  async open(): Promise<string> {
    const channel = await attempt.channel
    channel.start({
      message: (bytes) => tab.heard.push(new TextDecoder().decode(bytes)),
      drained() {},
      closed: ({ code }) => {
        tab.closed = code
      },
    })
    channel.send(new TextEncoder().encode(`hello from the ${role}`))
    return channel.role
  },
}

export type TwoTabsPage = typeof tab

Object.assign(window, { tab })
