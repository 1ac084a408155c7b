import { joinMesh, openFile } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const node = (name) => joinMesh({ name, network: 'garden', relays: [relay] })
const [ada, bob, eve] = await Promise.all(['ada', 'bob', 'eve'].map(node))

// A function gets who calls and a readable stream, and gives one back, or anything that can be streamed.
for (const mesh of [bob, eve]) {
  mesh.streams.register('upper', (ctx, readable) =>
    readable.pipeThrough(new TextDecoderStream()).pipeThrough(
      new TransformStream({ transform: (text, out) => out.enqueue(text.toUpperCase()) }),
    ),
  )
  mesh.streams.register('size', async (ctx, readable) => {
    let bytes = 0
    for await (const chunk of readable) bytes += chunk.length
    return `${mesh.name} got ${bytes} bytes of ${ctx.file?.name || 'something'}`
  })
}

// A name: one stream. Bytes, text, a readable stream, a Blob or a file.
console.log(await new Response(await ada.stream('bob', 'upper', 'a small payload')).text())
const file = await openFile(process.argv[1])
console.log(await new Response(await ada.stream('bob', 'size', file)).text())

// A list or everybody: a Map, in which an unknown name is an entry of its own.
for (const [target, { status, value, reason }] of await ada.stream(['bob', 'nobody'], 'size', file)) {
  console.log(target, status, reason?.code ?? (await new Response(value).text()))
}
console.log((await ada.stream('*', 'upper', 'to all')).size)

await file.close()
await Promise.all([ada, bob, eve].map((mesh) => mesh.close()))
