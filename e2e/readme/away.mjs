import { joinMesh } from '@hopmesh/server'

const [relay = 'ws://127.0.0.1:8080', adaFile = 'ada.key', bobFile = 'bob.key'] = process.argv.slice(2)
const join = (name, file) => joinMesh({ network: 'garden', relays: [relay], name, identity: { file } })
const told = (mesh, event) => new Promise((resolve) => mesh.once(event, resolve))

const first = await join('Bob', bobFile)
const bob = first.who
await first.close()

const before = await join('Ada', adaFile)
const { id, state, durable } = await before.send(bob, 'Read this when you are back')
console.log(state, durable)
await before.close()

// Another day, another process.
const ada = await join('Ada', adaFile)
console.log(ada.outbox.list().map((message) => message.id === id))
const delivery = told(ada, 'delivery')
const back = await join('Bob', bobFile)
const message = back.receive() ?? (await told(back, 'message'))
console.log(...message.parts, message.id === id)
console.log((await delivery).state)

const outcomes = await ada.with({ ttlMs: 0, timeoutMs: 2000 }).send([bob, 'nobody'], 'now or never')
for (const [target, { status, reason }] of outcomes) console.log(target === bob, status, reason?.code)

await Promise.all([ada.close(), back.close()])
