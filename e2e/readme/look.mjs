import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ network: 'garden', relays: [relay], name: 'Ada' })
const bob = await joinMesh({ network: 'garden', relays: [relay], name: 'Bob' })

const { hops, arrived } = await ada.trace('Bob')
for (const { hop, name, roundTripMs } of hops) console.log(hop, name, roundTripMs, 'ms')

const { nodes, links } = ada.topology()
console.log(arrived, nodes.length, 'nodes,', links.length, 'links')

const { kind, services } = await ada.inspect('Bob', 'describe')
console.log(kind, services)

await Promise.all([ada.close(), bob.close()])
