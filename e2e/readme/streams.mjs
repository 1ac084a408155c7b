import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const [ada, bob] = await Promise.all(['Ada', 'Bob'].map((name) => joinMesh({ network: 'garden', relays: [relay], name })))
const photo = new Blob([new Uint8Array(3_000_000)], { type: 'image/jpeg' })

bob.streams.register('upper', (ctx, readable) => {
  const upper = new TransformStream({ transform: (text, out) => out.enqueue(text.toUpperCase()) })
  return readable.pipeThrough(new TextDecoderStream()).pipeThrough(upper)
})
console.log(await new Response(await ada.stream('Bob', 'upper', 'to be read aloud')).text())

const parts = new Map()
const add = (id, bytes, offset) => parts.set(id, new Blob([parts.get(id)?.slice(0, offset) ?? '', bytes]))
bob.streams.register(
  'photo',
  async ({ file, offset }, readable) => {
    let at = offset
    for await (const bytes of readable) {
      add(file.id, bytes, at)
      at += bytes.length
    }
  },
  { kept: ({ id }) => parts.get(id) }, // what is here already: after a break only the rest comes
)
const onProgress = ({ sent, total }) => sent === total && console.log(`all ${total} bytes are there`)
await new Response(await ada.stream('Bob', 'photo', photo, { id: 'hill.jpg', onProgress })).text()
console.log(parts.get('hill.jpg').size)

await Promise.all([ada.close(), bob.close()])
