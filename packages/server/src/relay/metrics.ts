// Eight numbers for Prometheus. Its text form is one line each; a client library would be one of the largest things that
// the relay loads.

import type { ByteCount } from './opening-channel.ts'

export interface RelayNumbers {
  readonly networks: number
  readonly links: number
  readonly members: number
  readonly greetings: number
  readonly packetsForwarded: number
  readonly bytes: ByteCount
  readonly faults: ReadonlyMap<string, number>
}

/** Codes beyond this are counted as OTHER: a label is memory that a stranger could fill. */
const faultCodesMax = 64

export class FaultCount {
  readonly byCode: Map<string, number> = new Map()

  /** How many of its code there are now. */
  add(code: string): number {
    const known = this.byCode.has(code) || this.byCode.size < faultCodesMax
    const label = known && /^[A-Za-z_-]{1,40}$/.test(code) ? code : 'OTHER'
    const count = (this.byCode.get(label) ?? 0) + 1
    this.byCode.set(label, count)
    return count
  }
}

export function prometheusText(numbers: RelayNumbers): string {
  const lines = [
    ...metric('hopmesh_networks', 'gauge', 'Networks with a router here.', numbers.networks),
    ...metric('hopmesh_links', 'gauge', 'Links that are up.', numbers.links),
    ...metric('hopmesh_members', 'gauge', 'Members that can be reached, all networks.', numbers.members),
    ...metric('hopmesh_greetings', 'gauge', 'Greetings under way.', numbers.greetings),
    ...metric('hopmesh_packets_forwarded_total', 'counter', 'Packets passed on for others.', numbers.packetsForwarded),
    ...metric('hopmesh_bytes_received_total', 'counter', 'Bytes from all channels.', numbers.bytes.received),
    ...metric('hopmesh_bytes_sent_total', 'counter', 'Bytes to all channels.', numbers.bytes.sent),
    '# HELP hopmesh_faults_total What neighbours did wrong, by code.',
    '# TYPE hopmesh_faults_total counter',
    ...[...numbers.faults].map(([code, count]) => `hopmesh_faults_total{code="${code}"} ${count}`),
  ]
  return `${lines.join('\n')}\n`
}

function metric(name: string, type: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`]
}
