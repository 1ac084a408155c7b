// Sessions, by whoever stands on the way and by a peer that holds true keys.

import { exampleMembers } from './example-member.mjs'
import { joined, parted, utf8 } from './inputs.mjs'

export async function sessionTargets(load) {
  const { decodeFrames, writeFrame } = await load('core/session/session-frames')
  const { decodeSessionPacket, encodeFirst, encodePieces, encodeUnknown } = await load('core/session/session-packet')
  const { Sessions } = await load('core/session/sessions')
  const { SessionHandshake } = await load('core/session/session-handshake')
  const { RecordSealer } = await load('core/session/record')
  const { SeededDice } = await load('core/testing/seeded-dice')
  const { VirtualClock } = await load('core/testing/virtual-clock')
  const { silentLog } = await load('core/ports/log')
  const { run } = await load('core/async/awaitable')
  const { ByteWriter } = await load('core/wire/bytes')
  const { isWireFault } = await load('core/wire/wire-fault')
  const member = await exampleMembers(load)

  /** Ada, and a peer that has true keys: every time the same, byte for byte. */
  function world() {
    const clock = new VirtualClock()
    const [ada, peer] = [member('ada'), member('peer')]
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
    const handshake = new SessionHandshake(peer, {
      role: 'initiator',
      peer: ada.address,
      network: ada.network,
      id,
      life: new Uint8Array(8).fill(1),
    })
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
      return (plain) => run(sealer.seal(sealer.takeNumber(), plain)).finish()
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
  const stream = (id, changes) => ({ kind: 'stream', id, offset: 0, end: false, message: false, data: utf8.encode('hello'), ...changes })
  const frames = [
    framesOf({ kind: 'ping' }),
    framesOf(stream(own(0), { message: true, end: true }), stream(own(1), { offset: 3 })),
    framesOf(
      stream(own(2), { end: true }),
      { kind: 'reset', id: own(3), code: 2, reason: utf8.encode('why'), size: 9 },
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
    framesOf({ kind: 'datagram', data: utf8.encode('x') }),
    framesOf({ kind: 'close', code: 'CLOSED', text: 'bye' }),
  ]
  const record = seal(frames[1])
  example.receive(record)
  const handshake = example.said

  const whole = { batchRuns: 16, allocationMax: () => 4_194_304, allocationsMax: () => 67_108_864 }
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
      ...whole,
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
      ...whole,
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
