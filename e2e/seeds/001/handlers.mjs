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
const answers = [ada, bob].map((mesh) => new Promise((resolve) => mesh.once('message', resolve)))
for (const mesh of [ada, bob]) mesh.on('message', ({ parts }) => console.log(mesh.name, 'got', ...parts))

eve.use((message, _neighbour) => {
  if (message.parts[0] !== 'test') return false
  message.reply('success')
  return true
})
eve.use((message, neighbour) => {
  if (message.parts[0] !== 'test 2') return false
  neighbour.send('success') // to the one who relayed it
  return true
})
eve.on('message', ({ parts }) => console.log('Eve got', ...parts))

try {
  eve.use((_message) => true)
} catch (error) {
  console.log(error.code)
}

for (const text of ['test', 'test 2', 'test 3']) await ada.send('Eve', text)
await Promise.all(answers)
await Promise.all([ada, bob, eve].map((mesh) => mesh.close()))
