import { utf8Length } from '../bytes/utf8-length.ts'
import { checkOptions } from '../errors/known-options.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { tokenBytesMax } from '../identity/admission.ts'
import { networkKeySources, type NetworkKeySource } from '../identity/network-key.ts'
import { isNetworkName, networkNameBytesMax } from '../identity/wire-network.ts'
import { checkSignal } from '../async/operations.ts'
import type { MayAsk } from '../introspection/answers.ts'
import type { MeshOptionsOf } from './mesh-options.ts'

/** Options that were checked, with the defaults filled in. */
export interface MeshSettings {
  readonly network: string
  /** Empty: a network without a key. */
  readonly keys: readonly NetworkKeySource[]
  readonly token: (() => Promise<string>) | undefined
  readonly relays: readonly string[]
  readonly name: string
  readonly degree: number
  readonly accept: number
  readonly webrtc: boolean
  readonly role: 'member' | 'leaf'
  readonly plainNodes: 'accept' | 'refuse'
  readonly timeoutMs: number
  readonly questions: 'everybody' | 'nobody' | MayAsk
  readonly debug: number | string | undefined
}

export const relaysMax = 16
const textBytesMax = 64
const publicKeyBytes = 32
const optionNames: readonly string[] = [
  'network',
  'key',
  'token',
  'relays',
  'name',
  'identity',
  'links',
  'role',
  'functions',
  'services',
  'questions',
  'iceServers',
  'plainNodes',
  'timeoutMs',
  'signal',
  'debug',
] satisfies (keyof MeshOptionsOf<unknown>)[]
const linkNames: readonly string[] = ['degree', 'accept', 'webrtc']
const relayUrl = /^wss?:\/\/[^\s/?#]+([/?#]\S*)?$/i

/** Throws INVALID_OPTION, naming the option and what was expected. `debug` is read where the log is made. */
export function meshSettings<M>(options: MeshOptionsOf<M>): MeshSettings {
  checkOptions(options, optionNames)
  const { network = 'default', relays = [], name = '', links = {}, role = 'member', timeoutMs = 10_000, signal } = options
  const keys = options.key === undefined ? [] : networkKeySources(options.key)
  const { plainNodes = keys.length ? 'refuse' : 'accept' } = options
  checkOptions(links, linkNames, 'links')
  const { degree = 6, accept = 10, webrtc = true } = links
  checkIdentity(options.identity)
  if (options.iceServers !== undefined && !Array.isArray(options.iceServers)) throw invalid('iceServers must be a list')
  if (typeof network !== 'string' || !isNetworkName(network)) {
    throw invalid(`network must be a text of 1 to ${networkNameBytesMax} bytes without '/' and control characters, not ${shown(network)}`)
  }
  if (typeof name !== 'string' || utf8Length(name) > textBytesMax || /\p{Cs}/u.test(name)) {
    throw invalid(`name must be a text of at most ${textBytesMax} bytes`)
  }
  if (typeof webrtc !== 'boolean') throw invalid(`links.webrtc must be true or false, not ${shown(webrtc)}`)
  if (role !== 'member' && role !== 'leaf') throw invalid(`role must be 'member' or 'leaf', not ${shown(role)}`)
  if (plainNodes !== 'accept' && plainNodes !== 'refuse') throw invalid(`plainNodes must be 'accept' or 'refuse', not ${shown(plainNodes)}`)
  if (!(typeof timeoutMs === 'number' && timeoutMs > 0)) throw invalid(`timeoutMs must be a number above 0, not ${shown(timeoutMs)}`)
  const { questions = 'everybody' } = options
  if (questions !== 'everybody' && questions !== 'nobody' && typeof questions !== 'function') {
    throw invalid(`questions must be 'everybody', 'nobody' or a function, not ${shown(questions)}`)
  }
  for (const option of ['functions', 'services'] as const) {
    const given = options[option]
    if (given !== undefined && (typeof given !== 'object' || given === null))
      throw invalid(`${option} must be an object of functions by name`)
  }
  checkSignal(signal)
  if (!Array.isArray(relays)) throw invalid("relays must be a list of URLs, such as ['wss://relay.example']")
  if (relays.length > relaysMax) throw invalid(`relays must be at most ${relaysMax}`)
  return {
    network,
    keys,
    token: checkedToken(options.token),
    relays: [...new Set(relays.map(checkedRelayUrl))],
    name: name.normalize('NFC'),
    degree: count(degree, 'links.degree'),
    accept: count(accept, 'links.accept'),
    webrtc,
    role,
    plainNodes,
    timeoutMs,
    questions,
    debug: options.debug,
  }
}

/** A WebSocket URL as it was given. Throws INVALID_OPTION. */
export function checkedRelayUrl(url: unknown): string {
  if (typeof url === 'string' && relayUrl.test(url)) return url
  throw invalid(`a relay is a WebSocket URL that starts with ws:// or wss://, not ${shown(url)}`)
}

function checkedToken(token: MeshOptionsOf<unknown>['token']): (() => Promise<string>) | undefined {
  if (token === undefined) return undefined
  if (typeof token === 'function') return async () => token()
  if (typeof token === 'string' && token !== '' && utf8Length(token) <= tokenBytesMax) return async () => token
  throw invalid(`token must be a text of 1 to ${tokenBytesMax} bytes, or a function that gives one`)
}

/** Which of them can be had is for the environment to say; what is none of them is a mistake that must not become a new key. */
function checkIdentity(identity: unknown): void {
  if (identity === undefined || identity === 'persistent' || identity === 'ephemeral') return
  if (typeof identity === 'object' && identity !== null) {
    const { file, publicKey, sign } = identity as Record<string, unknown>
    if (typeof file === 'string' && file !== '') return
    if (publicKey instanceof Uint8Array && publicKey.length === publicKeyBytes && typeof sign === 'function') return
  }
  const given = typeof identity === 'object' ? 'this object' : shown(identity)
  throw invalid(`identity must be 'persistent', 'ephemeral', { file } or a key pair { publicKey, sign }, not ${given}`)
}

function count(value: unknown, option: string): number {
  if (Number.isInteger(value) && (value as number) >= 0) return value as number
  throw invalid(`${option} must be a whole number from 0, not ${shown(value)}`)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 2 * textBytesMax)}'` : String(value)
}

function invalid(message: string): MeshError {
  return new MeshError('INVALID_OPTION', message)
}
