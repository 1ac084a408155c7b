import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ network: 'garden', relays: [relay], name: 'Ada' })
const bob = await joinMesh({ network: 'garden', relays: [relay], name: 'Bob' })

bob.functions.register({
  add: (ctx, a, b) => a + b,
  seen: (ctx, visits) => new Map([[ctx.caller, visits]]),
})

console.log(await ada.to('Bob').add(1, 2))
console.log((await ada.to('Bob').seen(new Set(['today']))).get(ada.address))

for (const [target, outcome] of await ada.to('*').add(2, 3)) {
  console.log(target === bob.address, outcome.value ?? outcome.reason.code)
}

await Promise.all([ada.close(), bob.close()])
