import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { MeshError } from '@hopmesh/core'
import { isPartial, shownUp } from './find.ts'
import { withMesh } from './open-mesh.ts'
import { printLine } from './output.ts'
import { settled } from './settle.ts'
import type { Settings } from './settings.ts'

/** Calls a service once and prints what it answered. */
export async function runCall(
  url: string,
  request: { readonly service: string; readonly body: string },
  settings: Settings,
): Promise<void> {
  const body = request.body === '-' ? await buffer(process.stdin) : request.body
  await withMesh(url, settings, async (mesh) => {
    const isThere = await shownUp(mesh, () => mesh.services.list(request.service).length > 0 || isPartial(mesh) || undefined)
    if (!isThere) throw new MeshError('NO_SERVICE', `nobody offers a service '${request.service}'`)
    const reply = await mesh.call(request.service, body)
    printLine(settings, { reply: reply.text(), from: reply.from }, reply.text())
  })
}

interface FunctionRequest {
  /** An address, a name, or `'*'`. */
  readonly target: string
  readonly name: string
  readonly values: readonly string[]
}

/** Calls a function of one member, or of all of them, and prints what it gave. */
export async function runFunction(url: string, { target, name, values }: FunctionRequest, settings: Settings): Promise<void> {
  const args = values.map(argumentOf)
  await withMesh(url, settings, async (mesh) => {
    if (target !== '*') {
      const result = await mesh.to(target)[name]?.(...args)
      return printLine(settings, { result: plain(result) }, shown(result))
    }
    // Who is here shows a moment after joining.
    await settled(mesh, () => [...mesh.peers.keys()])
    const outcomes = (await mesh.to('*')[name]?.(...args)) ?? new Map<string, PromiseSettledResult<unknown>>()
    for (const [address, outcome] of outcomes) {
      if (outcome.status === 'fulfilled')
        printLine(settings, { address, result: plain(outcome.value) }, `${address}  ${shown(outcome.value)}`)
      else printLine(settings, { address, error: codeOf(outcome.reason) }, `${address}  ${codeOf(outcome.reason)}`)
    }
  })
}

/** `1`, `true`, `[1,2]` and `{"a":1}` are what they are in JSON; everything else is a text. */
function argumentOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { depth: 8, breakLength: Infinity })
}

/** As JSON can say it. */
function plain(value: unknown): unknown {
  try {
    JSON.stringify(value)
    return value ?? null
  } catch {
    return shown(value)
  }
}

function codeOf(reason: unknown): string {
  return reason instanceof MeshError ? `${reason.code} ${reason.message}` : String(reason)
}
