// The commands and their flags. What a command does is imported only when it runs: `relay` loads no client, and no
// client loads the relay's log.

import { readFileSync } from 'node:fs'
import { MeshError } from '@hopmesh/core'
import { Command, CommanderError, Option } from 'commander'
import { readNetworkKeys, readOperatorKeys } from '../key-file.ts'
import {
  keyFileValue,
  listValue,
  networkValue,
  originValue,
  portValue,
  quotaValue,
  relayNetworkValue,
  secondsValue,
  serveValue,
  tokenFileValue,
  whoValue,
} from './flag-values.ts'
import { settingsOf } from './settings.ts'

/** The exit code: 0, 1 (it did not work) or 2 (a wrong flag or value; one line says which). */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync([...argv])
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const line =
      error instanceof MeshError
        ? `${error.code} ${error.message}`
        : `unexpected: ${error instanceof Error ? error.message : String(error)}`
    process.stderr.write(`hopmesh: ${oneLine(line)}\n`)
    // A value that the command itself refused is a wrong value, too.
    return error instanceof MeshError && ['INVALID_OPTION', 'KEY_FILE'].includes(error.code) ? 2 : 1
  }
}

function buildProgram(): Command {
  const program = new Command('hopmesh')
    .description('A mesh of tabs, servers and small devices: the relay, and a member for the command line.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`hopmesh: ${oneLine(text.replace(/^error: /, ''))}\n`) })
    .addHelpText('after', '\nEach flag may also stand in the environment (HOPMESH_PORT=8080); flags win.')
  addRelay(program)
  addMemberCommands(program)
  addKeyCommands(program)
  return program
}

function addRelay(program: Command): void {
  program
    .command('relay')
    .description('relay packets between members, networks apart from each other')
    .option('--host <address>', 'listen on this address', '127.0.0.1')
    .addOption(new Option('--port <port>', 'HTTP and WebSocket; 0 picks a free one').argParser(portValue).default(8080))
    .addOption(new Option('--tcp <port>', 'listen for ALN over TCP (with --aln: 8081)').argParser(portValue))
    .addOption(
      new Option('--network <name[=keyfile]>', 'serve only this network, by these keys (repeatable)').argParser(
        listValue(relayNetworkValue),
      ),
    )
    .addOption(
      new Option('--operator <file>', 'let in only who shows a token of these operators').argParser(keyFileValue(readOperatorKeys)),
    )
    .option('--identity <file>', 'keep the identity key in this file')
    .option('--aln', 'take plain ALN nodes, over TCP and JSON WebSockets')
    .option('--aln-insecure', 'also into networks with a key: their key files then hold the network key itself')
    .addOption(new Option('--origin <origin>', 'a browser origin that may connect (repeatable)').argParser(listValue(originValue)))
    .option('--config <file>', 'a JSON file with these flags as keys; flags and environment win')
    .option('--json', 'print the ready line as JSON')
    .action(async (_flags, command: Command) => {
      const { runRelay } = await import('./relay-command.ts')
      await runRelay(settingsOf(command))
    })
}

function addMemberCommands(program: Command): void {
  memberCommand(program, 'join', 'be a member until stopped')
    .option('--name <name>', 'a display name')
    .option('--receive <folder>', 'take files that members send, into this folder')
    .addOption(new Option('--serve <service>', "register a service: 'ping' answers pong").argParser(serveValue))
    .action(async (url: string, _flags, command: Command) => (await import('./join-command.ts')).runJoin(url, settingsOf(command)))
  memberCommand(program, 'ping', 'call a service, or ping an address, and show the round trip')
    .argument('<target>', 'a service or an address')
    .action(async (url: string, target: string, _flags, command: Command) => {
      const { runPing } = await import('./ping-command.ts')
      await runPing(url, target, settingsOf(command))
    })
  memberCommand(program, 'peers', 'list who can be reached').action(async (url: string, _flags, command: Command) => {
    const { runPeers } = await import('./list-commands.ts')
    await runPeers(url, settingsOf(command))
  })
  memberCommand(program, 'services', 'list the services that can be called').action(async (url: string, _flags, command: Command) => {
    const { runServices } = await import('./list-commands.ts')
    await runServices(url, settingsOf(command))
  })
  memberCommand(program, 'trace', 'show the way to a node, hop by hop')
    .argument('<target>', 'an address or a name')
    .action(async (url: string, target: string, _flags, command: Command) => {
      const { runTrace } = await import('./trace-command.ts')
      await runTrace(url, target, settingsOf(command))
    })
  memberCommand(program, 'call', 'call a service and print its reply, or a function of a member')
    .argument('<name>', 'of the service, with --to of the function')
    .argument('[values...]', 'what to send; - reads it from standard input. Of a function its arguments: JSON, or text', [])
    .option('--to <member>', "a function of this member: an address or a name; '*': of every member")
    .action(async (url: string, name: string, values: string[], _flags, command: Command) => {
      const settings = settingsOf(command)
      const { runCall, runFunction } = await import('./call-command.ts')
      const target = settings['to']
      if (typeof target === 'string') return runFunction(url, { target, name, values }, settings)
      if (values.length > 1) command.error('error: a service takes one body; --to names the member of a function')
      await runCall(url, { service: name, body: values[0] ?? '' }, settings)
    })
  memberCommand(program, 'send', 'send a file to a member that takes files')
    .argument('<target>', 'an address or a name')
    .argument('<file>')
    .action(async (url: string, target: string, path: string, _flags, command: Command) => {
      const { runSend } = await import('./send-command.ts')
      await runSend(url, { target, path }, settingsOf(command))
    })
}

function addKeyCommands(program: Command): void {
  program
    .command('key')
    .description('print a new network key, or write it into a file')
    .argument('[file]')
    .option('--public', 'print what relays pin of the keys in the file instead')
    .addOption(new Option('--network <name>', 'of which network').argParser(networkValue).default('default'))
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, _flags, command: Command) => {
      const { runKey } = await import('./key-command.ts')
      await runKey(file, settingsOf(command))
    })
  program
    .command('token')
    .description('print a token that lets one identity use a relay of this operator')
    .requiredOption('--operator <file>', "the operator's identity file; made when there is none")
    .option('--public', 'print what relays need to know of the operator instead')
    .addOption(new Option('--network <name>', 'for this network').argParser(networkValue).default('default'))
    .addOption(new Option('--who <who>', 'for this identity').argParser(whoValue))
    .addOption(new Option('--ttl <seconds>', 'for this long').argParser(secondsValue).default(3_600))
    .addOption(new Option('--relay <who>', 'for this relay only').argParser(whoValue))
    .addOption(new Option('--bytes-per-second <number>', 'the holder may send so much').argParser(quotaValue))
    .option('--json', 'print JSON')
    .action(async (_flags, command: Command) => {
      const settings = settingsOf(command)
      if (settings['public'] !== true && settings['who'] === undefined) command.error("error: required option '--who <who>' not specified")
      const { runToken } = await import('./token-command.ts')
      await runToken(settings)
    })
}

function memberCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<url>', 'of a relay: ws://host:port')
    .addOption(new Option('--network <name>').argParser(networkValue).default('default'))
    .addOption(new Option('--key <file>', 'the key of the network is in this file').argParser(keyFileValue(readNetworkKeys)))
    .option('--identity <file>', 'keep the identity key in this file (default: a new one)')
    .addOption(new Option('--token <file>', 'the token for the relay is in this file').argParser(tokenFileValue))
    .option('--json', 'print JSON')
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '?'
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}
