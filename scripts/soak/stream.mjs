// One long stream through real processes: source – relay – carrier – relay – sink. The memory of each must not grow with what passes:
// after 256 MiB it has seen everything that a stream needs, and 32 MiB more are for the collector's moods.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const node = fileURLToPath(new URL('node.mjs', import.meta.url))
const mebibyte = 1_048_576
export const warmMebibytes = 256
export const growthMebibytesMax = 32

/** A process of a role, and the most memory it had until the stream was warm, and afterwards. */
class Role {
  mostWarm = 0
  mostAfter = 0
  #child
  #waiting = new Map()

  constructor(role, options, isWarm) {
    this.name = role
    this.#child = fork(node, [role, JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (message) => {
      if (message.rss !== undefined) {
        if (isWarm()) this.mostAfter = Math.max(this.mostAfter, message.rss)
        else this.mostWarm = Math.max(this.mostWarm, message.rss)
      }
      for (const [name, value] of Object.entries(message)) this.#waiting.get(name)?.resolve(value)
    })
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${role} ended with ${code}`))
    })
  }

  /** The next thing that it says under this name. */
  says(name) {
    return new Promise((resolve, reject) => this.#waiting.set(name, { resolve, reject }))
  }

  on(name, listener) {
    this.#child.on('message', (message) => name in message && listener(message[name]))
  }

  tell(message) {
    this.#child.send(message)
  }

  stop() {
    this.#waiting.clear()
    this.#child.kill('SIGKILL')
  }
}

/** Whether all of it arrived unharmed and no process grew. */
export async function soakStream(mebibytes) {
  let arrived = 0
  const isWarm = () => arrived >= warmMebibytes * mebibyte
  const roles = []
  const start = (role, options = {}) => {
    const started = new Role(role, options, isWarm)
    roles.push(started)
    return started
  }
  try {
    const relays = [start('relay'), start('relay')]
    const [one, two] = await Promise.all(relays.map((relay) => relay.says('ws')))
    const sink = start('sink', { relays: [two] })
    sink.on('arrived', (bytes) => (arrived = bytes))
    const carrier = start('carrier', { relays: [one, two] })
    await Promise.all([sink.says('ready'), carrier.says('ready')])
    const source = start('source', { relays: [one], mebibytes })
    const { hops } = await source.says('started')
    const startedAt = performance.now()
    const [sent, got] = await Promise.all([source.says('sent'), sink.says('got')])
    const seconds = (performance.now() - startedAt) / 1_000
    console.log(`${mebibytes} MiB over ${hops} links in ${seconds.toFixed(1)} s: ${((mebibytes / seconds) | 0).toLocaleString('en')} MiB/s`)
    const whole = got.bytes === mebibytes * mebibyte && got.hash === sent.hash
    if (!whole) console.error(`what arrived is not what was sent: ${got.bytes} bytes, ${got.hash} for ${sent.hash}`)
    const grown = roles.filter((role) => mebibytes > warmMebibytes && role.mostAfter > role.mostWarm + growthMebibytesMax * mebibyte)
    for (const { name, mostWarm, mostAfter } of roles) {
      console.log(
        `${name.padEnd(8)} ${(mostWarm / mebibyte).toFixed(0).padStart(5)} MiB until ${warmMebibytes} MiB had arrived, ${(mostAfter / mebibyte).toFixed(0)} MiB afterwards`,
      )
    }
    for (const { name } of grown) console.error(`${name} grew by more than ${growthMebibytesMax} MiB`)
    return whole && grown.length === 0 && hops >= 3
  } finally {
    for (const role of roles) role.stop()
  }
}
