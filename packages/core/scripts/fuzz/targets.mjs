// What is fuzzed: everything that reads what somebody else wrote. Each target has a name, inputs to begin with, the code whose
// blocks count, and `run`, which may return anything and must not throw. Where an input is a conversation, it is many messages, each
// behind its length in two bytes.

import { deflateRawSync, inflateRawSync } from 'node:zlib'

const text = new TextEncoder()
/** Answers at once. */
const compression = {
  deflate: (bytes) => new Uint8Array(deflateRawSync(bytes)),
  inflate(bytes, bytesMax) {
    try {
      return new Uint8Array(inflateRawSync(bytes, { maxOutputLength: bytesMax }))
    } catch {
      return undefined
    }
  },
}
const bytesOf = (...parts) => Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...text.encode(part)] : [...part])))
const latin = (input) => String.fromCharCode(...input)

const life = { origin: 'kaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaa', epoch: 1_700_000_000, fleeting: false }
/** What neighbours say about broadcasts. */
const gossipAbout = (about) => [
  { type: 'prune', tree: '' },
  {
    type: 'have',
    offer: true,
    ids: [
      { ...about, counter: 1, ownTree: false, hops: 2 },
      { ...about, counter: 9, ownTree: true, hops: 1 },
    ],
  },
  { type: 'graft', tree: about.origin, eager: true, ids: [{ ...about, counter: 1 }] },
  { type: 'digest', hash: 7, count: 3 },
  {
    type: 'holds',
    answer: false,
    rows: [
      {
        ...about,
        ranges: [
          { start: 1, end: 4 },
          { start: 9, end: 12 },
        ],
      },
    ],
  },
  { type: 'want', rows: [{ ...about, ranges: [{ start: 1, end: 4_000_000_000 }] }] },
  { type: 'receipts', receipts: [new Uint8Array(200)] },
]

/** Many messages as one input. */
export function joined(messages) {
  return bytesOf(...messages.flatMap((message) => [[message.length >> 8, message.length & 255], message]))
}

/** And back: what is cut off, is. */
export function parted(input, messagesMax = 64) {
  const messages = []
  for (let at = 0; at + 2 <= input.length && messages.length < messagesMax;) {
    const length = input[at] * 256 + input[at + 1]
    messages.push(input.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return messages
}

/** `load('core/wire/kiss')` gives a module: of the build, or of the sources. */
export async function targetsFrom(load) {
  const groups = [wireTargets, identityTargets, sessionTargets, linkTargets, bodyTargets, serverTargets]
  const targets = (await Promise.all(groups.map((group) => group(load)))).flat()
  return targets.map((target) => ({ covers: /packages\/(core|server)\/(dist|src)\//, ...target }))
}

async function wireTargets(load) {
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
    ...gossipAbout(life),
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
      words: [
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
      ].map((word) => bytesOf(word)),
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

async function identityTargets(load) {
  const { SeededDice } = await load('core/testing/seeded-dice')
  const { toyCrypto } = await load('core/testing/toy-crypto')
  const { signRecord, openRecord } = await load('core/identity/signed-record')
  const { addressOf, whoOf } = await load('core/identity/address')
  const { wireNetwork } = await load('core/identity/wire-network')
  const { deriveNetworkKeys, networkKeySources } = await load('core/identity/network-key')
  const { keyOfText, keyText, keyTextKind } = await load('core/identity/key-text')
  const { identitySeed } = await load('core/identity/identity-text')
  const { decodeFinish, encodeFinish } = await load('core/identity/admission')
  const { broadcastHolds, readBroadcast, signBroadcast } = await load('core/identity/broadcast-proof')
  const { readReceipt, receiptHolds, signReceipt } = await load('core/identity/receipt-proof')
  const { run } = await load('core/async/awaitable')
  const { MeshError } = await load('core/errors/mesh-error')

  const crypto = toyCrypto(new SeededDice('fuzz'))
  const keyPair = crypto.generateKeyPair()
  const network = wireNetwork('garden')
  const address = addressOf(whoOf(keyPair.publicKey, crypto), 'aaaa')
  const record = {
    network,
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: crypto.generateExchangeKeys().publicKey,
    seq48: 111_411_200_000_000,
    kind: 'member',
    name: 'Ada',
    capabilities: ['webrtc'],
    services: [
      { service: 'ping', load: 1 },
      { service: 'inside', load: 7, plain: false },
    ],
    plainHosts: [{ address: 'thing', hops: 2, services: [{ service: 'read', load: 3 }] }],
  }
  const keys = deriveNetworkKeys({ kind: 'bytes', bytes: new Uint8Array(32).fill(7) }, 'garden', crypto)
  const keyed = { ...record, network: wireNetwork('garden', keys.keyHash) }
  // A crypto port that takes every signature: what stands behind one is read too.
  const gullible = { ...crypto, verify: () => true }
  const signed = [
    signRecord(record, keyPair),
    signRecord({ ...record, kind: 'left', services: [], plainHosts: [] }, keyPair),
    signRecord(keyed, keyPair, { crypto, keys }),
  ]
  const frame = { network, origin: address, service: '$news' }
  const broadcasts = [undefined, keys].map((held) =>
    run(
      signBroadcast(
        frame,
        { epoch: 7, counter: 9, fleeting: false, ownTree: false, before: 3, saidAt: 1_700_000_000_000, body: text.encode('hello') },
        { crypto, keyPair, keys: held, salt: new Uint8Array(16) },
      ),
    ),
  )
  const admission = new Uint8Array(96).fill(5)
  const receipt = run(
    signReceipt(
      {
        from: address,
        rows: {
          ...life,
          ranges: [
            { start: 1, end: 4 },
            { start: 9, end: 300 },
          ],
        },
      },
      { network, keyPair },
    ),
  )

  return [
    {
      name: 'record',
      seeds: signed,
      run(input) {
        for (const port of [crypto, gullible]) {
          openRecord(input, port)
          openRecord(input, port, [keys])
        }
      },
    },
    {
      name: 'finish',
      seeds: [encodeFinish({ record: signed[0], admission, token: 'a.b.c' }), encodeFinish({ record: signed[0] })],
      run: (input) => decodeFinish(input),
    },
    {
      name: 'broadcast',
      seeds: broadcasts,
      run(input) {
        readBroadcast(input)
        run(broadcastHolds(frame, input, { publicKey: keyPair.publicKey, crypto: gullible }))
      },
    },
    {
      name: 'receipt',
      seeds: [receipt],
      run(input) {
        readReceipt(input)
        run(receiptHolds(input, { network, publicKey: keyPair.publicKey, crypto: gullible }))
      },
    },
    {
      name: 'key text',
      seeds: ['network', 'admission', 'operator', 'identity'].map((kind) =>
        bytesOf(` ${keyText(kind, new Uint8Array(32).fill(3)).toUpperCase()}\n`),
      ),
      words: ['hmk-', 'hmp-', 'hmo-', 'hmi-', ' '].map((word) => bytesOf(word)),
      run(input) {
        const given = latin(input)
        keyTextKind(given)
        for (const kind of ['network', 'admission', 'operator', 'identity']) keyOfText(kind, given)
        for (const reading of [() => networkKeySources(given), () => networkKeySources([given, input]), () => identitySeed(given)])
          orCode(reading, MeshError)
      },
    },
  ]
}

/** What an app or a file gave may be refused by throwing, but only in words of ours. */
function orCode(reading, MeshError) {
  try {
    return reading()
  } catch (error) {
    if (error instanceof MeshError) return undefined
    throw error
  }
}

async function bodyTargets(load) {
  const { decodeSignal, encodeSignal } = await load('core/signaling/signal-codec')
  const { decodeMessage, encodeMessage } = await load('core/messages/message-codec')
  const { decodeSealedPacket, encodeSealedPacket } = await load('core/mesh/sealed-packet')
  const { decodeNetError, decodeThrown, encodeThrown } = await load('core/services/remote-error')
  const { decodeAccept, decodeOpen, encodeAccept, encodeOpen } = await load('core/streams/stream-heads')
  const { decodeAsk, decodeCallAnswer, decodeCallRequest, decodeTaken, encodeAsk, encodeCallAnswer, encodeCallRequest, encodeTaken } =
    await load('core/services/call-codec')
  const { decodeValue, encodeValue } = await load('core/functions/value-codec')
  const { squeeze, unsqueeze } = await load('core/messages/squeezed-message')
  const { decodeLetter, encodeLetter } = await load('core/messages/letter')
  const { isWireFault } = await load('core/wire/wire-fault')
  const id = 'ab'.repeat(16)

  return [
    {
      name: 'signals',
      seeds: [
        encodeSignal({ type: 'want', attempt: '0123456789abcdef' }),
        encodeSignal({
          type: 'signal',
          attempt: '0123456789abcdef',
          number: 1,
          index: 0,
          capability: 'webrtc',
          data: '{"type":"offer","sdp":"v=0"}',
        }),
      ],
      words: [
        '"type":',
        '"attempt":',
        '"number":',
        '"index":',
        '"capability":',
        '"data":',
        'null',
        '[]',
        '{}',
        '1e9',
        '"signal"',
        '__proto__',
      ].map((word) => bytesOf(word)),
      run: (input) => decodeSignal(input),
    },
    {
      name: 'message',
      seeds: [
        encodeMessage({ id, sentAt: 1_700_000_000_000, inReplyTo: undefined, to: undefined, parts: ['hello', Uint8Array.of(1, 2, 3)] }),
        encodeMessage({
          id,
          sentAt: 1,
          inReplyTo: id,
          to: ['kaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaa', 'kbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbb'],
          parts: [],
        }),
      ],
      run: (input) => decodeMessage(input),
    },
    {
      name: 'squeezed message',
      seeds: [
        await squeeze(bytesOf('the same words. '.repeat(100)), compression),
        bytesOf([2, 0xc0, 0x84, 0x3d], compression.deflate(new Uint8Array(1_000_000))),
      ],
      run: (input) => unsqueeze(input, compression),
    },
    {
      name: 'sealed packet',
      seeds: [
        encodeSealedPacket({ service: 'x', contextID: 7, data: 'hello' }),
        encodeSealedPacket({ service: 'x', data: new Uint8Array(17_000) }),
      ],
      bytesMax: 20_000,
      run: (input) => decodeSealedPacket(input),
    },
    {
      name: 'errors',
      seeds: [encodeThrown(new TypeError('no')), bytesOf('NO_ROUTE no route'), bytesOf('{"name":"X","code":"Y","message":"z"}')],
      words: ['"name":', '"code":', '"message":', 'NO_SERVICE ', 'null'].map((word) => bytesOf(word)),
      run(input) {
        decodeNetError(input, 'somebody')
        decodeThrown(input, 'somebody')
      },
    },
    {
      name: 'call',
      seeds: [
        encodeCallRequest({ id: new Uint8Array(16), space: 'function', name: 'add', timeoutMs: 500, key: 'once', body: bytesOf('x') }),
        encodeCallAnswer({ id: new Uint8Array(16), kind: 'item', index: 3, body: bytesOf('x') }),
        encodeTaken(new Uint8Array(16), 300),
        encodeAsk(new Uint8Array(16), { taken: 3, arrived: 70 }),
      ],
      run(input) {
        decodeCallRequest(input)
        decodeCallAnswer(input)
        decodeTaken(input)
        decodeAsk(input)
      },
    },
    {
      name: 'value',
      seeds: [
        encodeValue([1, 'two', { three: new Map([[new Set([4]), new Date(5)]]) }, undefined, NaN, -0, 6n]),
        encodeValue({
          bytes: new Uint8Array(5),
          wide: new Float64Array(2),
          view: new DataView(new ArrayBuffer(3)),
          raw: new ArrayBuffer(4),
        }),
        encodeValue(
          (() => {
            const round = { name: 'round' }
            round.self = round
            return round
          })(),
        ),
      ].map((seed) => Uint8Array.from(seed)),
      words: [
        '[',
        ']',
        '{',
        '}',
        '"Map"',
        '"Set"',
        '"Date"',
        '"BigInt"',
        '"bytes"',
        '"null"',
        '"Object"',
        '"RegExp"',
        '__proto__',
        '-1',
        '-5',
        '"constructor"',
        '"toString"',
      ].map((word) => bytesOf(word)),
      // Arrays of a value stand beside their JSON.
      allocationsMax: (input) => 1_048_576 + 1_024 * input.length,
      run(input) {
        const decoded = decodeValue(input)
        if (isWireFault(decoded)) return
        const again = encodeValue(decoded.value)
        if (again instanceof Error) throw new Error(`what was read cannot be written: ${again.message}`)
        if ({}.polluted !== undefined) throw new Error('a value has changed what all objects have')
      },
    },
    {
      name: 'letter',
      seeds: [
        encodeLetter({
          address: life.origin,
          bytes: bytesOf('a message'),
          sentAt: 1_700_000_000_000,
          expiresAt: 1_700_600_000_000,
          order: 7,
        }),
      ],
      run: (input) => decodeLetter(`outbox/${life.origin.slice(0, 27)}/${id}`, input),
    },
    {
      name: 'stream head',
      seeds: [
        encodeOpen({ name: 'echo', file: undefined }).slice(1),
        encodeOpen({ name: 'echo', file: { id: 'x', name: 'a.txt', type: 'text/plain', size: 5_000_000_000 } }).slice(1),
        encodeAccept({ resumable: true, offset: 7, hash: new Uint8Array(32) }).slice(1),
        encodeAccept({ resumable: false, offset: 0, hash: undefined }).slice(1),
      ],
      run(input) {
        decodeOpen(input)
        decodeAccept(input)
      },
    },
  ]
}

async function sessionTargets(load) {
  const { decodeFrames, writeFrame } = await load('core/session/session-frames')
  const { decodeSessionPacket, encodeFirst, encodePieces, encodeUnknown } = await load('core/session/session-packet')
  const { Sessions } = await load('core/session/sessions')
  const { SessionHandshake } = await load('core/session/session-handshake')
  const { RecordSealer } = await load('core/session/record')
  const { SeededDice } = await load('core/testing/seeded-dice')
  const { VirtualClock } = await load('core/testing/virtual-clock')
  const { toyCrypto } = await load('core/testing/toy-crypto')
  const { signRecord } = await load('core/identity/signed-record')
  const { addressOf, whoOf } = await load('core/identity/address')
  const { wireNetwork } = await load('core/identity/wire-network')
  const { silentLog } = await load('core/ports/log')
  const { run } = await load('core/async/awaitable')
  const { ByteWriter } = await load('core/wire/bytes')
  const { isWireFault } = await load('core/wire/wire-fault')

  const network = wireNetwork('garden')
  const identityOf = (name) => {
    const crypto = toyCrypto(new SeededDice(`fuzz ${name}`))
    const keyPair = crypto.generateKeyPair()
    const exchangeKeys = crypto.generateExchangeKeys()
    const address = addressOf(whoOf(keyPair.publicKey, crypto), 'aaaa')
    const record = {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48: 111_411_200_000_000,
      kind: 'member',
      name,
      capabilities: [],
      services: [],
      plainHosts: [],
    }
    const signed = signRecord(record, keyPair)
    return { crypto, exchangeKeys, network, address, record: () => signed }
  }

  /** Ada, and a peer that has true keys: every time the same, byte for byte. */
  function world() {
    const clock = new VirtualClock()
    const [ada, peer] = [identityOf('ada'), identityOf('peer')]
    const sent = []
    const sessions = new Sessions({
      clock,
      dice: new SeededDice('dice of ada'),
      log: silentLog,
      self: ada,
      transmit: (_to, data) => void sent.push(data.slice()),
      message: () => {},
      datagram: () => {},
      stream: (_from, stream) => void stream.take(),
      ended: () => {},
      fault: () => {},
    })
    const id = new SeededDice('id').bytes(8)
    const handshake = new SessionHandshake(peer, { role: 'initiator', peer: ada.address, network, id, life: new Uint8Array(8).fill(1) })
    const receive = (data) => sessions.receive({ source: peer.address, via: 'relay', data })
    const said = []
    const say = (data) => {
      said.push(data)
      receive(data)
    }
    const open = () => {
      say(encodeFirst(id, new Uint8Array(16), run(handshake.first(1))))
      clock.runFor(1)
      const second = sent.map((data) => decodeSessionPacket(data)).find((packet) => !isWireFault(packet) && packet.kind === 'second')
      const { message, outcome } = run(handshake.conclude(second.bytes))
      for (const packet of encodePieces('third', outcome.peerId, message)) say(packet)
      clock.runFor(1)
      const sealer = new RecordSealer({
        crypto: peer.crypto,
        key: outcome.sendKey,
        id: outcome.peerId,
        source: peer.address,
        destination: ada.address,
      })
      return (plain) => run(sealer.seal(sealer.takeNumber(), plain))
    }
    return { clock, sessions, receive, said, open, even: peer.address < ada.address }
  }

  const framesOf = (...frames) => {
    const writer = new ByteWriter()
    for (const frame of frames) writeFrame(writer, frame)
    return writer.finish().slice()
  }
  const example = world()
  const seal = example.open()
  const own = (index) => index * 2 + (example.even ? 0 : 1)
  const stream = (id, changes) => ({ kind: 'stream', id, offset: 0, end: false, message: false, data: text.encode('hello'), ...changes })
  const frames = [
    framesOf({ kind: 'ping' }),
    framesOf(stream(own(0), { message: true, end: true }), stream(own(1), { offset: 3 })),
    framesOf(
      stream(own(2), { end: true }),
      { kind: 'reset', id: own(3), code: 2, reason: text.encode('why'), size: 9 },
      { kind: 'stop', id: own(1), code: 0, reason: new Uint8Array(0) },
    ),
    framesOf({
      kind: 'ack',
      delayMs: 3,
      ranges: [
        { start: 4, end: 6 },
        { start: 0, end: 2 },
      ],
    }),
    framesOf(
      { kind: 'credit', most: 9_000_000 },
      { kind: 'streamCredit', id: own(1), most: 300_000 },
      { kind: 'streamsCredit', most: 600 },
    ),
    framesOf({ kind: 'datagram', data: text.encode('x') }),
    framesOf({ kind: 'close', code: 'CLOSED', text: 'bye' }),
  ]
  const record = seal(frames[1])
  example.receive(record)
  const handshake = example.said

  return [
    {
      name: 'session frames',
      seeds: frames,
      run: (input) => decodeFrames(input),
    },
    {
      // Frames of a peer whose records hold: each message is the inside of one.
      name: 'session',
      seeds: [joined(frames.slice(0, 6)), joined([frames[1], frames[1], frames[2], frames[6]]), joined([frames[3]])],
      batchRuns: 16,
      allocationMax: () => 4_194_304,
      allocationsMax: () => 67_108_864,
      run(input) {
        const { clock, sessions, receive, open } = world()
        const sealed = open()
        for (const plain of parted(input, 24)) {
          receive(sealed(plain))
          clock.runFor(5)
        }
        clock.runFor(500)
        sessions.close()
      },
    },
    {
      // Packets as anybody on the way can make them.
      name: 'session packets',
      seeds: [
        joined([...handshake, record]),
        joined([...handshake, record, record]),
        joined([encodeUnknown(new Uint8Array(8)), ...handshake]),
      ],
      batchRuns: 16,
      allocationMax: () => 4_194_304,
      allocationsMax: () => 67_108_864,
      run(input) {
        const { clock, sessions, receive } = world()
        for (const data of parted(input, 24)) {
          receive(data)
          clock.runFor(1)
        }
        clock.runFor(500)
        sessions.close()
      },
    },
  ]
}

async function linkTargets(load) {
  const { Handshake } = await load('core/link/handshake')
  const { Router } = await load('core/routing/router')
  const { memoryChannelPair } = await load('core/channel/memory-channel')
  const { decodeLinkFrame, encodeItems, encodeLinkFrame, frameKinds } = await load('core/wire/link-frame')
  const { encodeMeshPacket } = await load('core/wire/mesh-packet')
  const { encodePacket } = await load('core/wire/packet-codec')
  const { frame } = await load('core/wire/kiss')
  const { SeededDice } = await load('core/testing/seeded-dice')
  const { VirtualClock } = await load('core/testing/virtual-clock')
  const { toyCrypto } = await load('core/testing/toy-crypto')
  const { signRecord } = await load('core/identity/signed-record')
  const { addressOf, whoOf } = await load('core/identity/address')
  const { wireNetwork } = await load('core/identity/wire-network')
  const { run } = await load('core/async/awaitable')
  const { isWireFault } = await load('core/wire/wire-fault')
  const { encodeRouteAdvert, encodeServiceAdvert } = await load('core/wire/adverts')
  const { ControlDecoder, ControlEncoder } = await load('core/wire/control-codec')
  const { MeshError } = await load('core/errors/mesh-error')
  const encoder = () => new ControlEncoder()

  const network = wireNetwork('garden')
  const secrets = (name) => {
    const crypto = toyCrypto(new SeededDice(`fuzz ${name}`))
    const keyPair = crypto.generateKeyPair()
    return { crypto, keyPair, exchangeKeys: crypto.generateExchangeKeys(), address: addressOf(whoOf(keyPair.publicKey, crypto), 'aaaa') }
  }
  const handshakeSide = (name, role) => {
    const { crypto, keyPair, exchangeKeys, address } = secrets(name)
    const record = {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48: 111_411_200_000_000,
      kind: 'member',
      name,
      capabilities: [],
      services: [],
      plainHosts: [],
    }
    const signed = signRecord(record, keyPair)
    return new Handshake(
      role,
      { crypto, exchangeKeys, network, address, record: () => signed },
      { greetings: [], binding: undefined, expect: undefined },
    )
  }
  const step = (side, bytes) => {
    const decoded = decodeLinkFrame(bytes)
    return isWireFault(decoded) ? {} : run(side.receive(decoded.kind, decoded.body))
  }
  const [dialer, listener] = [handshakeSide('dialer', 'dialer'), handshakeSide('listener', 'listener')]
  const hello = run(dialer.hello())
  const reply = step(listener, hello).send
  const finish = step(dialer, reply).send

  /** A router with two true neighbours, one of which says what it likes in packets; and a plain one that says what it likes. */
  function node() {
    const clock = new VirtualClock()
    const routers = ['victim', 'neighbour', 'bystander'].map((name, index) => {
      const { crypto, keyPair, exchangeKeys, address } = secrets(name)
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
      name: 'handshake',
      seeds: [joined([hello, finish]), joined([hello, hello, finish]), joined([reply]), joined([finish, hello])],
      allocationsMax: () => 16_777_216,
      run(input) {
        for (const role of ['listener', 'dialer']) {
          const side = handshakeSide(role, role)
          if (role === 'dialer') run(side.hello())
          for (const bytes of parted(input, 8)) step(side, bytes)
        }
      },
    },
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

async function serverTargets(load) {
  const { readHello, readStreamSelection, readTextSelection } = await load('server/relay/network-choice')
  const { loadIdentityFile } = await load('server/identity-file')
  const { readNetworkKeys, readOperatorKeys, readPinnedKeys } = await load('server/key-file')
  const { StoreFile } = await load('server/store-file')
  const { TokenGate, signToken } = await load('server/tokens')
  const { nodeKeyPair } = await load('server/node-crypto')
  const { MeshError } = await import('@hopmesh/core')
  const { encodePacket, frame, keyText } = await import('@hopmesh/core')
  const { chmodSync, mkdtempSync, writeFileSync } = await import('node:fs')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')

  const path = join(mkdtempSync(join(tmpdir(), 'hopmesh-fuzz-')), 'file')
  const asFile = (input) => {
    writeFileSync(path, input, { mode: 0o600 })
    chmodSync(path, 0o600)
  }
  const seed = new Uint8Array(32).fill(5)
  const who = 'kabcdefghijklmnopqrstuvwxyz'
  const gate = new TokenGate('kaaaaaaaaaaaaaaaaaaaaaaaaaa', [nodeKeyPair(seed).publicKey])
  const token = await signToken({ network: 'garden', who, expiresAt: Math.floor(Date.now() / 1_000) + 86_400 }, seed)
  const identity = { version: 1, seed: Buffer.from(seed).toString('base64url'), epoch: 5, tab: 'abcd' }
  const covers = /packages\/server\/(dist|src)\//

  return [
    {
      name: 'selection',
      seeds: [
        frame(encodePacket({ destAddr: 'garden' })),
        frame(encodePacket({ netState: 3 })),
        bytesOf('{"dst":"/garden"}'),
        Uint8Array.of(1, 1, 1, 4, 104, 111, 109, 101, ...new Uint8Array(48)),
      ],
      words: ['"dst":', '"srv":', '/garden'].map((word) => bytesOf(word)),
      covers,
      run(input) {
        readHello(input)
        readStreamSelection(input)
        readTextSelection(input)
      },
    },
    {
      name: 'identity file',
      seeds: [bytesOf(JSON.stringify(identity)), bytesOf(JSON.stringify({ ...identity, tab: undefined, epoch: 0 }))],
      words: ['"version":1', '"seed":', '"epoch":', '"tab":', 'null', '__proto__'].map((word) => bytesOf(word)),
      covers,
      batchRuns: 16,
      run(input) {
        asFile(input)
        orCode(() => loadIdentityFile(path), MeshError)
      },
    },
    {
      name: 'store file',
      seeds: [bytesOf('["a/b","aGVsbG8="]\n["a/b"]\n["c","AA=="]\n["cut o'), bytesOf('[]\n{}\nnull\n\n')],
      words: ['["', '","', '"]', '\n', 'null', '__proto__', 'constructor'].map((word) => bytesOf(word)),
      covers,
      batchRuns: 16,
      run(input) {
        asFile(input)
        orCode(() => new StoreFile(path).close(), MeshError)
      },
    },
    {
      name: 'key file',
      seeds: [
        bytesOf(`# comment\n${keyText('network', seed)}\n`),
        bytesOf(`${keyText('admission', seed)}\n${keyText('operator', seed)}\n`),
        bytesOf('a passphrase of some length\n'),
      ],
      words: ['hmk-', 'hmp-', 'hmo-', '#', '\n', '\r\n'].map((word) => bytesOf(word)),
      covers,
      batchRuns: 16,
      run(input) {
        asFile(input)
        for (const reading of [readNetworkKeys, readOperatorKeys, readPinnedKeys]) orCode(() => reading(path), MeshError)
      },
    },
    {
      name: 'token',
      seeds: [bytesOf(token), bytesOf(token.split('.').slice(0, 2).join('.')), bytesOf('..')],
      words: [...token.split('.').map((part) => bytesOf(part)), bytesOf('.'), bytesOf('eyJhbGciOiJub25lIn0')],
      covers,
      batchRuns: 16,
      allocationsMax: () => 16_777_216,
      async run(input) {
        const judged = await gate.judge({ token: latin(input), who, network: 'garden' })
        if (!('code' in judged) && latin(input) !== token) throw new Error(`a token that nobody signed was taken: ${latin(input)}`)
      },
    },
  ]
}
