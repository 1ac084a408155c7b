// Packets, frames and control messages: what a neighbour's bytes are read by, before anybody knows who it is.

import { exampleLife, gossipAbout } from './example-gossip.mjs'
import { bytesOf, joined, latin, parted, wordsOf } from './inputs.mjs'

export async function wireTargets(load) {
  const { encodePacket, decodePacket, measurePacket } = await load('core/wire/packet-codec')
  const { frame, unframe } = await load('core/wire/kiss')
  const { PlainStreamReader } = await load('core/wire/plain-stream')
  const { packetFromJson, packetToJson } = await load('core/wire/packet-json')
  const { encodeMeshPacket, readMeshPacket } = await load('core/wire/mesh-packet')
  const frames = await load('core/wire/link-frame')
  const { ControlDecoder, ControlEncoder } = await load('core/wire/control-codec')
  const adverts = await load('core/wire/adverts')
  const { isGreeting } = await load('core/link/greeting')
  const { isWireFault } = await load('core/wire/wire-fault')

  const packets = [
    { netState: 1, srcAddr: 'c1', data: adverts.encodeRouteAdvert('c1', 1) },
    { netState: 2, data: adverts.encodeServiceAdvert('c1', 'ping', 1), seqNum: 7, ackBlock: 9 },
    { netState: 3, data: 'M1;1;AAAAAAAAAAAAAAAAAAAAAA' },
    {
      service: 'ping',
      srcAddr: 'c1',
      destAddr: 'h1',
      nextAddr: 'r',
      contextID: 192,
      dataType: 1,
      seqNum: 219,
      ackBlock: 0xc0db_dcdd,
      data: 'x\u00c0\u00db',
    },
    { netState: 255, srcAddr: 'r', destAddr: 'c1', contextID: 5, data: 'NO_ROUTE no route to h1' },
  ]
  const coded = packets.map((packet) => encodePacket(packet))
  const checked = packets.map((packet) => encodePacket(packet, { crc: true }))
  const items = frames.encodeItems(coded)
  const hello = { versions: [1], network: 'default', keyHash: new Uint8Array(16), noise: new Uint8Array(32).fill(9) }
  const row = (destination, hops) => ({ destination, seq48: 111_411_200_000_000 + hops, metric: 16 * hops, hops })
  const control = [
    {
      type: 'routes',
      complete: true,
      entries: [row('kaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaa', 1), row('kbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbb', 2), { ...row('x', 3), fragile: true }],
    },
    { type: 'pull', wanted: [{ address: 'kaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaa', seq48: 9 }] },
    { type: 'records', records: [new Uint8Array(40), new Uint8Array(3)] },
    { type: 'request', destination: 'x', seq48: 2 ** 47, hops: 64 },
    { type: 'ping', nonce: 7, told: { hash: 0xffff_ffff, count: 3 } },
    { type: 'pong', nonce: 7, told: { hash: 1, count: 0 } },
    { type: 'refresh' },
    { type: 'rows', max: 500 },
    { type: 'more', more: true },
    { type: 'closing' },
    { type: 'notice', code: 'CLOSED', text: 'bye' },
    ...gossipAbout(exampleLife),
  ]
  const encoder = new ControlEncoder()
  const controlItems = control.flatMap((message) => encoder.encode(message))

  return [
    {
      name: 'kiss',
      seeds: [
        ...coded.map((packet) => frame(packet)),
        bytesOf(frame(frame(coded[3])), [0xc0, 0xc0], coded[3], [0xc0]),
        bytesOf(coded[3], [0xc0, 0xdc], coded[2], [0xc0]),
      ],
      words: [Uint8Array.of(0xc0), Uint8Array.of(0xdb, 0xdc), Uint8Array.of(0xdb, 0xdd), Uint8Array.of(0xc0, 0xdc)],
      // Its own bound: six times the largest packet.
      allocationsMax: () => 4_194_304,
      run(input) {
        unframe(input)
        for (const size of [1 + (input[0] ?? 0), 9_999]) {
          const reader = new PlainStreamReader({ packetBytesMax: 5_120 })
          for (let at = 0; at < input.length; at += size) reader.push(input.slice(at, at + size))
          if (reader.heldBytes > 65_536) throw new Error(`a parser keeps ${reader.heldBytes} bytes`)
        }
      },
    },
    {
      name: 'packet',
      seeds: [...coded, ...checked, encodePacket({})],
      run(input) {
        const packet = decodePacket(input)
        if (isWireFault(packet)) return
        if (measurePacket(input) > input.length) throw new Error('longer than it is')
        const again = decodePacket(encodePacket(packet))
        if (isWireFault(again)) throw new Error(`what was read cannot be written: ${again.detail}`)
      },
    },
    {
      name: 'json',
      seeds: packets.map((packet) => bytesOf(packetToJson(packet))),
      words: wordsOf(
        '"net":',
        '"srv":',
        '"src":',
        '"dst":',
        '"nxt":',
        '"seq":',
        '"ack":',
        '"ctx":',
        '"typ":',
        '"data":',
        'null',
        '""',
        '[',
        ']',
        '{',
        '}',
        '-1',
        '1e99',
        '\\u0000',
        '__proto__',
      ),
      run: (input) => packetFromJson(latin(input)),
    },
    {
      name: 'mesh packet',
      seeds: coded.flatMap((packet) => [
        encodeMeshPacket({ hopLimit: 32 }, packet).slice(),
        encodeMeshPacket({ hopLimit: 0, broadcast: true, gateway: 'r1', sourceGateway: 'r2' }, packet).slice(),
      ]),
      run(input) {
        const header = readMeshPacket(input)
        if (!isWireFault(header)) decodePacket(input.subarray(header.alnOffset))
      },
    },
    {
      name: 'link frame',
      seeds: [
        frames.encodeLinkFrame(6, items).slice(),
        frames.encodeHello(hello).slice(),
        frames.encodeReply({ version: 1, noise: new Uint8Array(96) }).slice(),
        frames.encodeRefusal({ code: 'NETWORK_MISMATCH', text: 'another one' }).slice(),
      ],
      run(input) {
        const decoded = frames.decodeLinkFrame(input)
        if (isWireFault(decoded)) return
        frames.decodeHello(decoded.body)
        frames.decodeReply(decoded.body)
        frames.decodeRefusal(decoded.body)
        const read = frames.readItems(decoded.body)
        if (!isWireFault(read) && read.reduce((sum, item) => sum + item.length, 0) > input.length) throw new Error('items out of nothing')
      },
    },
    {
      name: 'control',
      seeds: [joined(controlItems), ...controlItems.map((item) => joined([item, item]))],
      run(input) {
        const decoder = new ControlDecoder()
        for (const item of parted(input)) if (isWireFault(decoder.decode(item))) return
      },
    },
    {
      name: 'adverts',
      seeds: [
        adverts.encodeRouteAdvert('c1', 1),
        adverts.encodeServiceAdvert('c1', 'ping', 1),
        bytesOf('M1;1;AAAAAAAAAAAAAAAAAAAAAA;more'),
      ],
      run(input) {
        adverts.decodeRouteAdvert(input)
        adverts.decodeServiceAdvert(input)
        isGreeting(latin(input))
      },
    },
  ]
}
