// Whole nodes, and what their neighbours say: some that came in as members, and a plain one.

import { gossipAbout } from './example-gossip.mjs'
import { exampleMembers } from './example-member.mjs'
import { joined, parted } from './inputs.mjs'
import { orCode } from './or-code.mjs'

export async function neighbourTargets(load) {
  const { Router } = await load('core/routing/router')
  const { memoryChannelPair } = await load('core/channel/memory-channel')
  const { encodeItems, encodeLinkFrame, frameKinds } = await load('core/wire/link-frame')
  const { encodeMeshPacket } = await load('core/wire/mesh-packet')
  const { encodePacket } = await load('core/wire/packet-codec')
  const { frame } = await load('core/wire/kiss')
  const { SeededDice } = await load('core/testing/seeded-dice')
  const { VirtualClock } = await load('core/testing/virtual-clock')
  const { isWireFault } = await load('core/wire/wire-fault')
  const { encodeRouteAdvert, encodeServiceAdvert } = await load('core/wire/adverts')
  const { ControlDecoder, ControlEncoder } = await load('core/wire/control-codec')
  const { MeshError } = await load('core/errors/mesh-error')
  const member = await exampleMembers(load)
  const encoder = () => new ControlEncoder()

  /** A router with two true neighbours, one of which says what it likes in packets; and a plain one that says what it likes. */
  function node() {
    const clock = new VirtualClock()
    const routers = ['victim', 'neighbour', 'bystander'].map((name, index) => {
      const { crypto, keyPair, exchangeKeys, network, address } = member(name)
      const identity = {
        address,
        kind: index === 0 ? 'relay' : 'member',
        name,
        capabilities: [],
        epoch: 1_700_000_000,
        network,
        keyring: undefined,
        exchangeKeys,
        crypto,
        keyPair,
      }
      return new Router(identity, { clock, dice: new SeededDice(name) })
    })
    const [victim, neighbour, bystander] = routers
    const join = (router) => {
      const [one, other] = memoryChannelPair(clock)
      router.addChannel(one)
      victim.addChannel(other)
      return one
    }
    const channel = join(neighbour)
    join(bystander)
    clock.runFor(50)
    victim.registerService('ping', () => {})
    const [plain, ours] = memoryChannelPair(clock, { carries: 'stream' })
    plain.start({ message: () => {}, drained: () => {}, closed: () => {} })
    victim.addChannel(ours)
    return { clock, victim, neighbour, bystander, channel, plain }
  }
  const example = node()
  const packet = (changes) =>
    encodePacket({
      srcAddr: example.neighbour.address,
      destAddr: example.victim.address,
      service: 'ping',
      contextID: 7,
      data: 'hello',
      ...changes,
    })
  const mesh = (header, changes) => encodeMeshPacket({ hopLimit: 32, ...header }, packet(changes)).slice()
  const packets = [
    mesh({}),
    mesh({}, { destAddr: example.bystander.address }),
    mesh({ broadcast: true }, { destAddr: undefined, service: '$mesh.broadcast', data: new Uint8Array(100) }),
    mesh({ gateway: example.victim.address }, { destAddr: 'thing' }),
    mesh({ sourceGateway: example.neighbour.address }, { srcAddr: 'thing' }),
    mesh({ hopLimit: 1 }, { destAddr: example.bystander.address, service: '$mesh.trace' }),
    mesh({}, { netState: 255, service: undefined, data: 'NO_ROUTE x' }),
  ]
  const plainly = [
    { netState: 3 },
    { netState: 1, srcAddr: 'thing', data: encodeRouteAdvert('thing', 1) },
    { netState: 1, srcAddr: 'thing', data: encodeRouteAdvert('other', 2) },
    { netState: 2, data: encodeServiceAdvert('thing', 'read', 1), seqNum: 1, ackBlock: 2 },
    { srcAddr: 'thing', service: 'ping', contextID: 5, data: 'x' },
    { netState: 1, srcAddr: 'thing', data: encodeRouteAdvert('other', 0) },
    { netState: 3, data: `M1;1;${'A'.repeat(22)}` },
  ].map((one) => frame(encodePacket(one)))

  const entry = (router, metric, hops) => ({ destination: router.address, seq48: 111_411_200_000_000, metric, hops })
  const said = [
    { type: 'routes', complete: true, entries: [entry(example.neighbour, 0, 0), entry(example.bystander, 32, 1)] },
    { type: 'routes', complete: false, entries: [entry(example.victim, 16, 1), { ...entry(example.bystander, 65_535, 1), fragile: true }] },
    {
      type: 'pull',
      wanted: [
        { address: example.bystander.address, seq48: 9 },
        { address: 'x', seq48: 1 },
      ],
    },
    { type: 'request', destination: example.bystander.address, seq48: 2 ** 47, hops: 64 },
    { type: 'records', records: [new Uint8Array(40)] },
    { type: 'rows', max: 500 },
    { type: 'closing' },
    { type: 'refresh' },
    { type: 'more', more: true },
    { type: 'ping', nonce: 7, told: { hash: 1, count: 9 } },
    ...gossipAbout({ origin: example.bystander.address, epoch: 1_700_000_000, fleeting: false }),
  ].flatMap((message) => encoder().encode(message))

  const settle = (world) => {
    world.clock.runFor(2_500)
    for (const router of [world.victim, world.neighbour, world.bystander]) void router.close()
    world.clock.runFor(10)
  }
  // Whole nodes: what they may hold is bounded elsewhere, and counting would make them ten times as slow.
  const large = { batchRuns: 8, uncounted: true }
  return [
    {
      // A neighbour that came in and says what it likes in packets.
      name: 'neighbour',
      seeds: [joined(packets), ...packets.map((one) => joined([one]))],
      ...large,
      run(input) {
        const world = node()
        for (const bytes of parted(input, 16)) {
          const items = encodeItems([bytes])
          world.channel.send(encodeLinkFrame(frameKinds.packets, items))
          world.clock.runFor(1)
        }
        settle(world)
      },
    },
    {
      // And in control messages, which it seals as it should.
      name: 'neighbour control',
      seeds: [joined(said), ...said.map((one) => joined([one]))],
      ...large,
      run(input) {
        const world = node()
        const [link] = world.neighbour.links()
        const decoder = new ControlDecoder()
        for (const bytes of parted(input, 16)) {
          const message = decoder.decode(bytes)
          if (isWireFault(message)) break
          // A library of ours would not write everything that can be read.
          if (orCode(() => encoder().encode(message), MeshError)) link.sendControl(message)
          world.clock.runFor(1)
        }
        settle(world)
      },
    },
    {
      name: 'plain neighbour',
      seeds: [joined(plainly), joined(plainly.slice(1, 5)), joined([plainly[6], plainly[1]])],
      ...large,
      run(input) {
        const world = node()
        for (const bytes of parted(input, 16)) {
          world.plain.send(bytes)
          world.clock.runFor(300)
        }
        settle(world)
      },
    },
  ]
}
