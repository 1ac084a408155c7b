// What these versions of js-libp2p expect of their platform and Node.js 20 lacks. Newer Node.js keeps its own.
import { WebSocket } from 'ws'

globalThis.WebSocket ??= class extends WebSocket {
  constructor(url) {
    super(url, { perMessageDeflate: false })
  }
}
Promise.withResolvers ??= function withResolvers() {
  let resolve
  let reject
  const promise = new this((accept, refuse) => {
    resolve = accept
    reject = refuse
  })
  return { promise, resolve, reject }
}
