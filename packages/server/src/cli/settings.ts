// Flags, environment and config file mean the same: a flag wins over HOPMESH_NAME, which wins over the file's key.

import { readFileSync } from 'node:fs'
import type { Command, Option } from 'commander'
import { InvalidArgumentError } from 'commander'

/** By flag, in camel case. */
export type Settings = Readonly<Record<string, unknown>>

/** The values of a command's flags. Ends with exit code 2 and one line that names a wrong variable or key. */
export function settingsOf(command: Command): Settings {
  const settings: Record<string, unknown> = { ...command.opts() }
  const fromFlag = (option: Option): boolean => command.getOptionValueSource(option.attributeName()) === 'cli'
  for (const option of command.options) {
    const text = process.env[variableOf(option)]
    if (text === undefined || fromFlag(option)) continue
    settings[option.attributeName()] = readText(command, option, variableOf(option), option.parseArg?.length === 2 ? text.split(',') : text)
  }
  const file = settings['config']
  if (typeof file !== 'string') return settings
  for (const [key, value] of Object.entries(readConfig(command, file))) {
    const option = command.options.find((one) => one.attributeName() === key && key !== 'config')
    if (option === undefined) command.error(`error: ${file}: unknown key '${key}'`)
    if (fromFlag(option) || process.env[variableOf(option)] !== undefined) continue
    settings[key] = readText(command, option, `${file}: ${key}`, value)
  }
  return settings
}

function variableOf(option: Option): string {
  return `HOPMESH_${option.name().replaceAll('-', '_').toUpperCase()}`
}

function readConfig(command: Command, file: string): object {
  try {
    const config: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config
  } catch (error) {
    command.error(`error: --config ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
  command.error(`error: --config ${file}: not a JSON object`)
}

/** Reads a value as the flag itself would. */
function readText(command: Command, option: Option, where: string, value: unknown): unknown {
  if (option.isBoolean()) return readSwitch(command, where, value)
  const texts = Array.isArray(value) ? value : [value]
  if (texts.some((text) => typeof text !== 'string' && typeof text !== 'number'))
    command.error(`error: ${where}: '${JSON.stringify(value)}' is no text`)
  if (option.parseArg === undefined) return String(value)
  try {
    let read: unknown
    for (const text of texts) read = option.parseArg(String(text), read)
    return read
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    command.error(`error: ${where}: '${String(value)}' is invalid. ${error.message}`)
  }
}

function readSwitch(command: Command, where: string, value: unknown): boolean {
  if (value === true || /^(1|true|yes|on)$/i.test(String(value))) return true
  if (value === false || /^(0|false|no|off|)$/i.test(String(value))) return false
  command.error(`error: ${where}: '${String(value)}' is invalid. It is a switch: true or false.`)
}
