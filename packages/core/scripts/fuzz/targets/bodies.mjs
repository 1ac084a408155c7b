// What members say to each other inside of packets: signals, messages, calls, values, streams.

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { exampleLife } from './example-gossip.mjs'
import { bytesOf, wordsOf } from './inputs.mjs'

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

export async function bodyTargets(load) {
  const { decodeSignal, encodeSignal } = await load('core/signaling/signal-codec')
  const { decodeMessage, encodeMessage } = await load('core/messages/message-codec')
  const { decodeSealedPacket, encodeSealedPacket } = await load('core/mesh/sealed-packet')
  const { decodeNetError, decodeThrown, encodeThrown } = await load('core/calls/remote-error')
  const { decodeAccept, decodeOpen, encodeAccept, encodeOpen } = await load('core/streams/stream-heads')
  const { decodeAsk, decodeCallAnswer, decodeCallRequest, decodeTaken, encodeAsk, encodeCallAnswer, encodeCallRequest, encodeTaken } =
    await load('core/calls/call-codec')
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
      words: wordsOf(
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
      ),
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
      words: wordsOf('"name":', '"code":', '"message":', 'NO_SERVICE ', 'null'),
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
      words: wordsOf(
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
      ),
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
          address: exampleLife.origin,
          bytes: bytesOf('a message'),
          sentAt: 1_700_000_000_000,
          expiresAt: 1_700_600_000_000,
          order: 7,
        }),
      ],
      run: (input) => decodeLetter(`outbox/${exampleLife.origin.slice(0, 27)}/${id}`, input),
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
