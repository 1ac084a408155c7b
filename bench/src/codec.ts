// P1: encode and decode one packet {src 16, dst 16, srv 8, seq, ctx, data}, per second of CPU.
import protobuf from 'protobufjs'
import { decodePacket, encodePacket, encodePacketInto, isWireFault, packetRoom, type DecodedPacket, type WireFault } from '@hopmesh/core'
import { benchRow, type Bench, type BenchRow } from './bench-row.ts'
import { decodeTuned, encodeTuned, type TunedPacket } from './tuned-codec.ts'

const rounds = 21
const packetsPerRound = 60_000
/** A node talks with more than one other: strings are found again, but not always the same. */
const packetsAtOnce = 64

const schema = `syntax = "proto3";
message Packet { string service = 1; string srcAddr = 2; string destAddr = 3; uint32 seqNum = 4; uint32 contextID = 5; bytes data = 6; }`

/** Encodes and decodes each packet; answers something that depends on all of it. */
type Lane = (packets: readonly TunedPacket[]) => number

const frame = new Uint8Array(65_000)

/** As a node does it: packets are written into the frame that they leave in, and what comes is a part of a frame. */
function oursLane(packets: readonly TunedPacket[]): number {
  let sum = 0
  let used = 0
  for (const packet of packets) {
    if (used + packetRoom(packet) > frame.length) used = 0
    const end = encodePacketInto(packet, frame, used)
    sum += sumOf(decodePacket(frame.subarray(used, end)))
    used = end
  }
  return sum
}

/** Each packet in bytes of its own, that whoever gets them may keep. */
function ownBytesLane(packets: readonly TunedPacket[]): number {
  let sum = 0
  for (const packet of packets) sum += sumOf(decodePacket(encodePacket(packet)))
  return sum
}

function sumOf(back: DecodedPacket | WireFault): number {
  if (isWireFault(back)) throw new Error(back.detail)
  return back.seqNum! + back.contextID! + back.data!.length + back.srcAddr!.length + back.destAddr!.length + back.service!.length
}

function protobufLane(): Lane {
  const type = protobuf.parse(schema).root.lookupType('Packet')
  return (packets) => {
    let sum = 0
    for (const packet of packets) {
      const back = type.decode(type.encode(packet).finish()) as unknown as TunedPacket
      sum += back.seqNum + back.contextID + back.data.length + back.srcAddr.length + back.destAddr.length + back.service.length
    }
    return sum
  }
}

function tunedLane(packets: readonly TunedPacket[]): number {
  let sum = 0
  for (const packet of packets) {
    const back = decodeTuned(encodeTuned(packet))
    sum += back.seqNum + back.contextID + back.data.length + back.srcAddr.length + back.destAddr.length + back.service.length
  }
  return sum
}

function samplePackets(dataBytes: number): TunedPacket[] {
  return Array.from({ length: packetsAtOnce }, (_, at) => ({
    service: `serv${String(at % 8).padStart(4, '0')}`,
    srcAddr: `ksrcaddress.${String((at * 7) % 64).padStart(4, 'a')}`,
    destAddr: `kdstaddress.${String((at * 13) % 64).padStart(4, 'b')}`,
    seqNum: 1 + at * 1_000,
    contextID: 1 + at * 900,
    data: new Uint8Array(dataBytes).fill(at),
  }))
}

/** Packets per second of CPU; garbage that a lane leaves is collected on its own bill. */
function rate(lane: Lane, packets: readonly TunedPacket[], expected: number): number {
  const before = process.cpuUsage()
  for (let done = 0; done < packetsPerRound; done += packets.length) {
    if (lane(packets) !== expected) throw new Error('A codec gave back something else.')
  }
  const { user, system } = process.cpuUsage(before)
  return (packetsPerRound / (user + system)) * 1_000_000
}

export async function codec(): Promise<BenchRow[]> {
  const lanes = [oursLane, protobufLane(), tunedLane, ownBytesLane] as const
  const rows: BenchRow[] = []
  for (const dataBytes of [100, 1_000]) {
    const packets = samplePackets(dataBytes)
    const expected = tunedLane(packets)
    const rates: [number[], number[], number[], number[]] = [[], [], [], []]
    for (let round = -3; round < rounds; round++) {
      lanes.forEach((lane, at) => {
        const measured = rate(lane, packets, expected)
        if (round >= 0) rates[at]!.push(measured)
      })
    }
    const work = `codec, ${dataBytes} B, packets/s of CPU`
    rows.push(benchRow({ id: 'P1', work, peerName: 'protobufjs', goal: 2 }, rates[0], rates[1]))
    rows.push(benchRow({ id: 'P1', work, peerName: 'tuned ceiling', goal: 0.8 }, rates[0], rates[2]))
    rows.push(benchRow({ id: 'P1', work: `${work}, bytes of its own`, peerName: 'tuned ceiling', goal: 0.8 }, rates[3], rates[2]))
  }
  return rows
}

export const codecBench: Bench = { name: 'p1', run: codec }
