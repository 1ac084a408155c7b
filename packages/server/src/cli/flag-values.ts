// What a flag's text means. Each throws commander's InvalidArgumentError, which names the flag beside the reason.

import { MeshError, isMemberForm } from '@hopmesh/core'
import { InvalidArgumentError } from 'commander'
import { readPinnedKeys } from '../key-file.ts'
import type { PinnedNetwork } from '../relay/pinned-networks.ts'
import { readSmallFile, type FileRefusal } from '../small-file.ts'

/** As tokens.ts has it, which this file must not load: it would bring the JOSE library. */
const quotaMin = 65_536

export function portValue(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text.trim()) || port > 65_535) throw new InvalidArgumentError('A port is a number of 0 to 65535.')
  return port
}

export function networkValue(text: string): string {
  if (text.includes('=')) throw new InvalidArgumentError("There is no '=' in the name of a network here; a key is given with --key.")
  if (!/^[^/\p{Cc}]+$/u.test(text) || Buffer.byteLength(text) > 64)
    throw new InvalidArgumentError("A network name has 1 to 64 bytes and no '/'.")
  return text
}

/** NAME, or NAME=KEYFILE, which is read here. */
export function relayNetworkValue(text: string): string | PinnedNetwork {
  const equals = text.indexOf('=')
  if (equals === -1) return networkValue(text)
  const name = networkValue(text.slice(0, equals))
  return { name, keys: fromFile(() => readPinnedKeys(text.slice(equals + 1))) }
}

/** A file of keys, which is read here. */
export function keyFileValue(read: (path: string) => readonly string[]): (text: string) => readonly string[] {
  return (text) => fromFile(() => read(text))
}

/** A file with one token, which is read here. */
export function tokenFileValue(path: string): string {
  const refusal: FileRefusal = (why) => new MeshError('INVALID_OPTION', `the token file ${path} ${why}`)
  return fromFile(() => {
    const text = readSmallFile(path, 8_192, refusal)?.text.trim() ?? ''
    if (text === '') throw refusal('is not there or empty')
    return text
  })
}

/** What is wrong with a file is wrong with the flag that names it. */
function fromFile<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

export function whoValue(text: string): string {
  if (isMemberForm(text) && !text.includes('.')) return text
  throw new InvalidArgumentError('A who is the part of an address before the dot: k and 26 characters.')
}

/** Seconds: a number, or one with s, m, h or d behind it. */
export function secondsValue(text: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,9})([smhd])?$/.exec(text.trim()) ?? []
  const seconds = Number(number) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? Number.NaN)
  if (number === '' || seconds === 0) throw new InvalidArgumentError('A time is a number of seconds above 0, or such as 30m, 12h, 7d.')
  return seconds
}

export function quotaValue(text: string): number {
  const bytes = Number(text)
  if (/^\d{1,12}$/.test(text.trim()) && bytes >= quotaMin) return bytes
  throw new InvalidArgumentError(`A quota is a number of at least ${quotaMin} bytes a second.`)
}

export function originValue(text: string): string {
  let origin: string
  try {
    ;({ origin } = new URL(text))
  } catch {
    throw new InvalidArgumentError('An origin is scheme://host[:port].')
  }
  if (origin === 'null') throw new InvalidArgumentError('An origin is scheme://host[:port].')
  return origin
}

export function serveValue(text: string): string {
  if (text !== 'ping') throw new InvalidArgumentError("Only 'ping' can be served from here.")
  return text
}

/** A repeatable flag. */
export function listValue<T>(read: (text: string) => T): (text: string, before: T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), read(text)]
}
