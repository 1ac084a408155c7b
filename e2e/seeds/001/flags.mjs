import { joinMesh, localChannels } from '@hopmesh/server'

const names = ['Ada', 'Bob', 'Eve']
const [ada, bob, eve] = await Promise.all(names.map((name) => joinMesh({ network: 'mesh', relays: [], name })))
for (const [one, other] of [
  [ada, bob],
  [bob, eve],
]) {
  const [here, there] = localChannels()
  one.router.addChannel(here)
  other.router.addChannel(there)
}
for (const mesh of [bob, eve]) mesh.on('message', ({ parts }) => console.log(mesh.name, 'got', ...parts))
bob.topic('weather').on('message', ({ parts }) => console.log('Bob got of the weather', ...parts))
const rained = new Promise((resolve) => bob.topic('weather').on('message', resolve))
while (!ada.peer(eve.address)) await new Promise((resolve) => setTimeout(resolve, 20))

await ada.whisper('only', 'neighbours')
const said = await ada.with({ receipts: true }).broadcast('this is', 'a test')
await said.done
console.log('delivered to', said.delivered.size, 'and not to', said.left.size)
await ada.topic('weather').broadcast('rain')

await rained
await Promise.all([ada, bob, eve].map((mesh) => mesh.close()))
