import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ network: 'garden', relays: [relay], name: 'Ada' })
const bob = await joinMesh({ network: 'garden', relays: [relay], name: 'Bob' })

bob.services.register('count', async function* (request) {
  for (let at = Number(request.text()); !request.signal.aborted; at += 1) yield String(at)
})
await ada.services.wait('count')

for await (const reply of ada.call('count', '7')) {
  console.log(reply.text())
  if (reply.text() === '9') break
}
console.log((await ada.call('count', '1')).text())

for await (const { reply, error } of ada.callAll('count', '5')) {
  console.log(reply?.text() ?? error.code)
  break
}

await Promise.all([ada.close(), bob.close()])
