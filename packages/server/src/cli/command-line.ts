// The commands and their flags. What a command does is imported only when it runs: `relay` loads no client, and no
// client loads the relay's log.

import { readFileSync } from 'node:fs'
import { MeshError } from '@hopmesh/core'
import { Command, CommanderError, Option } from 'commander'
import { listValue, networkValue, originValue, portValue, serveValue } from './flag-values.ts'
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
    return error instanceof MeshError && error.code === 'INVALID_OPTION' ? 2 : 1
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
  return program
}

function addRelay(program: Command): void {
  program
    .command('relay')
    .description('relay packets between members, networks apart from each other')
    .option('--host <address>', 'listen on this address', '127.0.0.1')
    .addOption(new Option('--port <port>', 'HTTP and WebSocket; 0 picks a free one').argParser(portValue).default(8080))
    .addOption(new Option('--tcp <port>', 'listen for ALN over TCP (with --aln: 8081)').argParser(portValue))
    .addOption(new Option('--network <name>', 'serve only this network (repeatable)').argParser(listValue(networkValue)))
    .option('--identity <file>', 'keep the identity key in this file')
    .option('--aln', 'take plain ALN nodes, over TCP and JSON WebSockets')
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
  memberCommand(program, 'call', 'call a service and print its reply')
    .argument('<service>')
    .argument('[body]', 'what to send; - reads it from standard input', '')
    .action(async (url: string, service: string, body: string, _flags, command: Command) => {
      const { runCall } = await import('./call-command.ts')
      await runCall(url, { service, body }, settingsOf(command))
    })
}

function memberCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .argument('<url>', 'of a relay: ws://host:port')
    .addOption(new Option('--network <name>').argParser(networkValue).default('default'))
    .option('--identity <file>', 'keep the identity key in this file (default: a new one)')
    .option('--json', 'print JSON')
}

function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '?'
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ')
}
