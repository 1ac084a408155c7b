// `npm run soak`: what takes too long for every `npm test`.
//
//   soak                both of these
//   soak messages       a million messages between two members under 10 % loss, doubles, changing routes and cuts, in virtual time;
//                       and a hundred thousand over relays that die and come back
//   soak stream         1 GiB from process to process over three others; --mebibytes 2048 for another size

import { parseArgs } from 'node:util'
import { join } from 'node:path'
import { root, run, tool } from '../workspace.mjs'
import { soakStream } from './stream.mjs'

const parts = { messages: soakMessages, stream: () => soakStream(Number(values.mebibytes)) }
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { messages: { type: 'string', default: '1000000' }, mebibytes: { type: 'string', default: '1024' } },
})
const unknown = positionals.find((name) => !(name in parts))
if (unknown !== undefined) {
  console.error(`soak: there is no part '${unknown}'; there are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const startedAt = performance.now()
  const passed = await parts[name]()
  console.log(`${passed ? '✓' : '✗'} ${name}, ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`)
  if (!passed) process.exitCode = 1
}

async function soakMessages() {
  process.env.HOPMESH_SOAK_MESSAGES = values.messages
  process.env.HOPMESH_SOAK_RELAYED = String(Math.round(Number(values.messages) / 10))
  const files = ['session/many-messages', 'mesh/relays-that-fail'].map((name) => join('packages', 'core', 'test', `${name}.test.ts`))
  return (await run(process.execPath, [tool('vitest', 'vitest'), 'run', '--project', 'core', ...files], { cwd: root })).code === 0
}
