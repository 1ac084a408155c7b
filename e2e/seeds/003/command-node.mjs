import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const node = (name, functions) => joinMesh({ name, network: 'garden', relays: [relay], functions })
const ada = await node('ada', {
  add: (ctx, a, b) => a + b,
  greet: (ctx, name) => `${ctx.mesh.name} greets ${name}`,
})
const bob = await node('bob')
bob.functions.register({
  add: () => {
    throw new TypeError('I cannot add')
  },
})
const eve = await node('eve')

console.log(await eve.to('ada').add(1, 2), await eve.to('ada').greet('Eve'))

const outcomes = await eve.with({ timeoutMs: 2000 }).to(['ada', 'bob', 'nobody']).add(1, 2)
for (const [target, { status, value, reason }] of outcomes) {
  console.log(target, status, value ?? reason.cause?.message ?? reason.code)
}

const everybody = await eve.to('*').add(2, 2)
console.log([...everybody.values()].filter(({ status }) => status === 'fulfilled').length, 'of', everybody.size)

console.log((await eve.inspect('ada', 'describe')).functions)

await Promise.all([ada.close(), bob.close(), eve.close()])
