// PeerJS and Trystero in one of two tabs, each as its manual shows it. No STUN servers: the tabs are on one machine.
import { createTopicStrategy, selfId, toJson } from '@trystero-p2p/core'
import { Peer } from 'peerjs'

const pieceBytes = 16_384
const highWaterBytes = 1_048_576
const lowWaterBytes = 262_144
const filling = 7

/** Counts what arrives, and says so when it is all there. */
class Sink {
  #heard = 0
  #wanted = Infinity

  expect(bytes) {
    this.#heard = 0
    this.#wanted = bytes
  }

  take(bytes) {
    if (bytes[0] !== filling || bytes.at(-1) !== filling) throw new Error('a piece arrived changed')
    this.#heard += bytes.length
    return this.#heard >= this.#wanted
  }
}

class PeerJsTab {
  #peer
  #connection
  #sink = new Sink()
  #done = () => {}

  async join(server) {
    const [host, port] = server.split(':')
    this.#peer = new Peer({ host, port: Number(port), path: '/', secure: false, config: { iceServers: [] } })
    this.#peer.on('connection', (connection) => this.#use(connection))
    return new Promise((resolve, reject) => {
      this.#peer.on('open', resolve)
      this.#peer.on('error', reject)
    })
  }

  async connect(id) {
    const connection = this.#peer.connect(id, { reliable: true })
    await new Promise((resolve, reject) => {
      connection.on('open', resolve)
      connection.on('error', reject)
    })
    this.#use(connection)
  }

  async send(_to, bytes) {
    const connection = this.#connection
    const channel = connection.dataChannel
    const piece = new Uint8Array(pieceBytes).fill(filling)
    channel.bufferedAmountLowThreshold = lowWaterBytes
    const since = performance.now()
    const answered = new Promise((resolve) => (this.#done = resolve))
    connection.send(bytes)
    for (let sent = 0; sent < bytes; sent += pieceBytes) {
      connection.send(piece)
      if (channel.bufferedAmount > highWaterBytes) {
        await new Promise((resolve) => channel.addEventListener('bufferedamountlow', resolve, { once: true }))
      }
    }
    await answered
    return performance.now() - since
  }

  #use(connection) {
    this.#connection = connection
    connection.on('data', (data) => {
      if (data === 'done') this.#done()
      else if (typeof data === 'number') this.#sink.expect(data)
      else if (this.#sink.take(new Uint8Array(data))) connection.send('done')
    })
  }
}

const joinRoom = createTopicStrategy({
  init: ({ relayConfig }) =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(relayConfig.urls[0])
      socket.addEventListener('open', () => resolve(socket), { once: true })
      socket.addEventListener('error', reject, { once: true })
    }),
  subscribeTopic(socket, topic, onMessage) {
    const hear = ({ data }) => {
      const message = JSON.parse(String(data))
      if (message.topic === topic) onMessage(message.topic, message.payload)
    }
    socket.addEventListener('message', hear)
    socket.send(toJson({ type: 'subscribe', topic }))
    return () => {
      socket.send(toJson({ type: 'unsubscribe', topic }))
      socket.removeEventListener('message', hear)
    }
  },
  publishTopic: (socket, topic, payload) => socket.send(toJson({ type: 'publish', topic, payload })),
})

class TrysteroTab {
  #pieces
  #control
  #sink = new Sink()
  #done = () => {}
  #joined = () => {}
  #others = new Set()

  async join(relay) {
    const room = joinRoom({ appId: 'bench', relayConfig: { urls: [relay] }, rtcConfig: { iceServers: [] } }, 'bench')
    this.#pieces = room.makeAction('pieces')
    this.#control = room.makeAction('control')
    this.#control.onMessage = (word) => (word === 'done' ? this.#done() : this.#sink.expect(word))
    this.#pieces.onMessage = (bytes) => {
      if (this.#sink.take(bytes)) void this.#control.send('done')
    }
    room.onPeerJoin = (id) => {
      this.#others.add(id)
      this.#joined()
    }
    return selfId
  }

  async connect(id) {
    while (!this.#others.has(id)) await new Promise((resolve) => (this.#joined = resolve))
  }

  async send(to, bytes) {
    const piece = new Uint8Array(pieceBytes).fill(filling)
    const since = performance.now()
    const answered = new Promise((resolve) => (this.#done = resolve))
    await this.#control.send(bytes, { target: to })
    // It resolves when there is room for more.
    for (let sent = 0; sent < bytes; sent += pieceBytes) await this.#pieces.send(piece, { target: to })
    await answered
    return performance.now() - since
  }
}

Object.assign(globalThis, { peerjs: new PeerJsTab(), trystero: new TrysteroTab() })
document.body.dataset.loaded = 'yes'
