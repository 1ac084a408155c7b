import type { Channel } from '../../src/channel/channel.ts'
import { seq48Of, type ServiceAdvert } from '../../src/identity/member-record.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { ChannelLink } from '../../src/link/channel-link.ts'
import { ReadingTurns } from '../../src/link/reading-turns.ts'
import { silentLog } from '../../src/ports/log.ts'
import type { SimWorld } from '../../src/testing/simulator/sim-world.ts'

/** A member that says who it is and what it offers, and takes no interest in anything else: a town of them costs little. */
export function joinPuppet(world: SimWorld, name: string, channel: Channel, services: readonly ServiceAdvert[]): string {
  const dice = world.diceOf(name)
  const { address, keyPair, exchangeKeys, network, crypto, epoch } = world.startIdentity(name, 'member', dice)
  const seq48 = seq48Of(epoch, 0)
  const own = signRecord(
    {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48,
      kind: 'member',
      name,
      capabilities: [],
      services,
      plainHosts: [],
    },
    keyPair,
  )
  if (own instanceof Promise) throw new TypeError('the toy crypto answers at once')
  const { clock } = world.network.node(name)
  const link = new ChannelLink(channel, {
    identity: { crypto, exchangeKeys, network, address, record: () => own },
    clock,
    dice,
    log: silentLog,
    reading: new ReadingTurns(clock),
    plainGreeting: () => [],
    joined: (joined) => {
      joined.sendControl({ type: 'rows', max: 125 })
      joined.sendControl({ type: 'routes', entries: [{ destination: address, seq48, metric: 0, hops: 0 }], complete: false })
      return undefined
    },
    plain: () => undefined,
    upgraded: () => {},
    control: (from, message) => {
      if (message.type === 'pull') from.sendControl({ type: 'records', records: [own] })
    },
    told: () => ({ hash: 0, count: 0 }),
    heard: () => {},
    expects: () => false,
    records: () => {},
    left: () => {},
    packet: () => {},
    plainPacket: () => {},
    closed: () => {},
    fault: () => {},
  })
  link.open()
  return address
}
