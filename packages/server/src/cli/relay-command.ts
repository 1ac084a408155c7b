import { pino } from 'pino'
import { startRelay } from '../relay/relay.ts'
import type { Relay, RelayOptions } from '../relay/relay.ts'
import { relayLog } from './relay-log.ts'
import type { Settings } from './settings.ts'
import { untilStopped } from './until-stopped.ts'

/** Runs until SIGTERM or SIGINT, then drains. */
export async function runRelay(settings: Settings): Promise<void> {
  const relay = await startRelay({
    host: String(settings['host']),
    port: Number(settings['port']),
    tcp: settings['tcp'] === undefined ? undefined : Number(settings['tcp']),
    networks: settings['network'] as RelayOptions['networks'],
    identity: typeof settings['identity'] === 'string' ? { file: settings['identity'] } : undefined,
    aln: settings['aln'] === true,
    alnInsecure: settings['alnInsecure'] === true,
    operators: settings['operator'] as readonly string[] | undefined,
    origins: settings['origin'] as readonly string[] | undefined,
    log: relayLog(pino({ level: 'info' }, pino.destination({ fd: 2, sync: true }))),
  })
  const stopped = untilStopped()
  process.stdout.write(`${settings['json'] === true ? readyJson(relay) : readyText(relay)}\n`)
  await stopped
  await relay.close()
}

function readyJson(relay: Relay): string {
  return JSON.stringify({ ready: true, ws: relay.ws, ...(relay.tcp === undefined ? {} : { tcp: relay.tcp }) })
}

function readyText(relay: Relay): string {
  return `hopmesh relay ready: ${relay.ws}${relay.tcp === undefined ? '' : `, ALN over tcp ${relay.tcp}`}`
}
