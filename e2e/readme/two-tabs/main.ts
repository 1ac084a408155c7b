import { joinMesh } from '@hopmesh/browser'

const relay = new URLSearchParams(location.search).get('relay') ?? 'ws://localhost:8080'

const mesh = await joinMesh({ network: 'garden', relays: [relay] })
mesh.on('peer', (peer) => console.log(peer.address, 'is', peer.state))
mesh.on('message', (message) => console.log(message.from, 'says', ...message.parts))
mesh.services.register('greet', (request) => `hello, ${request.text()}`)
await mesh.broadcast('I am here')
