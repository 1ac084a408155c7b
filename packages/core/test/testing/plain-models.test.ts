import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Channel, ChannelReceiver } from '../../src/channel/channel.ts'
import { PlainRouterModel } from '../../src/testing/plain-models/plain-router-model.ts'
import { plainStacks, type PlainStackName } from '../../src/testing/plain-models/plain-stack.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { packetFromJson } from '../../src/wire/packet-json.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'

/** One packet as recorded: what is unset is left out. */
interface Said {
  readonly net?: number
  readonly srv?: string
  readonly src?: string
  readonly dst?: string
  readonly nxt?: string
  readonly seq?: number
  readonly ack?: number
  readonly ctx?: number
  readonly data?: string
}

/** What was done to a real router named 'me', and all that it did then. */
interface Step {
  readonly opens?: number
  readonly closes?: number
  readonly link?: number
  readonly reads?: Said
  readonly registers?: string
  readonly unregisters?: string
  readonly waits?: number
  readonly writes?: readonly (Said & { readonly link: number })[]
  readonly calls?: readonly string[]
  readonly dies?: boolean
}

const recordings = JSON.parse(readFileSync(new URL('plain-recordings.json', import.meta.url), 'utf8')) as {
  stack: PlainStackName
  steps: Step[]
}[]

class Recorder {
  readonly model: PlainRouterModel
  readonly #clock = new VirtualClock()
  readonly #receivers = new Map<number, ChannelReceiver>()
  #writes: string[] = []
  #calls: string[] = []

  constructor(stack: PlainStackName) {
    this.model = new PlainRouterModel('me', plainStacks[stack], this.#clock)
  }

  play(step: Step): { writes: string[]; calls: string[]; dies: boolean } {
    this.#writes = []
    this.#calls = []
    if (step.opens !== undefined) this.model.addChannel(this.#channel(step.opens))
    if (step.closes !== undefined) this.#receivers.get(step.closes)?.closed({ code: 'remote', detail: '' })
    if (step.reads !== undefined) this.#receivers.get(step.link ?? 0)?.message(new TextEncoder().encode(JSON.stringify(step.reads)))
    const { registers, unregisters } = step
    if (registers !== undefined) this.model.registerService(registers, () => void this.#calls.push(registers))
    if (unregisters !== undefined) this.model.unregisterService(unregisters)
    if (step.waits !== undefined) this.#clock.runFor(step.waits)
    return { writes: this.#writes.sort(), calls: this.#calls.sort(), dies: this.model.death !== undefined }
  }

  #channel(link: number): Channel {
    return {
      medium: 'websocket',
      carries: 'text',
      role: 'dialer',
      label: `link ${link}`,
      messageBytesMax: 262_144,
      bufferedBytes: 0,
      start: (receiver) => void this.#receivers.set(link, receiver),
      send: (bytes) => {
        this.#writes.push(JSON.stringify(slim({ link, ...readJson(bytes) })))
        return true
      },
      close: () => {},
    }
  }
}

function readJson(bytes: Uint8Array): Said {
  const text = new TextDecoder().decode(bytes)
  expect(isWireFault(packetFromJson(text))).toBe(false)
  return JSON.parse(text) as Said
}

function slim(said: Said & { readonly link: number }): object {
  const { link, ...packet } = said
  const keys = ['net', 'srv', 'src', 'dst', 'nxt', 'seq', 'ack', 'ctx', 'data'] as const
  return { link, ...Object.fromEntries(keys.filter((key) => packet[key]).map((key) => [key, packet[key]])) }
}

describe('models of plain routers do what was recorded of the real ones (ALN at its commit 8428cc9)', () => {
  it.each(['python', 'nodejs', 'go'] as const)('ALN-25 %s', (stack) => {
    const ofStack = recordings.filter((recording) => recording.stack === stack)
    expect(ofStack).toHaveLength(10)
    let writes = 0
    for (const [at, { steps }] of ofStack.entries()) {
      const recorder = new Recorder(stack)
      for (const [index, step] of steps.entries()) {
        const was = {
          writes: (step.writes ?? []).map((said) => JSON.stringify(slim(said))).sort(),
          calls: [...(step.calls ?? [])].sort(),
          dies: step.dies === true,
        }
        expect(recorder.play(step), `recording ${at}, step ${index}`).toEqual(was)
        writes += was.writes.length
      }
    }
    expect(writes).toBeGreaterThan(100)
  })

  it('of the recorded Python routers some died of a load of 0, and none of the others', () => {
    const dead = recordings.filter(({ steps }) => steps.some(({ dies }) => dies === true)).map(({ stack }) => stack)
    expect(new Set(dead)).toEqual(new Set(['python']))
  })
})
