import type { Channel, Clock, CloseReason, MeshError } from '@hopmesh/core'
import { VirtualClock, channelContractCasesFor } from '@hopmesh/core/testing'
import type { ChannelWorld } from '@hopmesh/core/testing'
import { describe, expect, test } from 'vitest'
import { openBluetoothChannel } from '../../src/bluetooth/channel.ts'
import type { BluetoothOpenOptions } from '../../src/bluetooth/channel.ts'
import { uartService } from '../../src/bluetooth/dialer.ts'
import { busyTriesMax, busyWaitMs, highWaterBytes, lowWaterBytes } from '../../src/bluetooth/limits.ts'
import { bufferedBytesMax, closingTimeoutMs, writeTimeoutMs } from '../../src/devices/limits.ts'
import { realClock } from '../devices/real-clock.ts'
import { FakeFirmware, FakeGatt } from './fake-gatt.ts'

/** Hundreds of writes settle between two events: a whole turn lets them. */
function turnClock(): VirtualClock {
  return new VirtualClock({ settle: () => new Promise((resolve) => setImmediate(resolve)) })
}

interface Heard {
  readonly messages: Uint8Array[]
  readonly ends: CloseReason[]
  drains: number
}

interface Opened {
  readonly channel: Channel
  readonly heard: Heard
  readonly held: { released: number }
}

function opening(
  gatt: FakeGatt,
  clock: Clock,
  options: Partial<BluetoothOpenOptions> = {},
): { open: Promise<Channel>; held: { released: number } } {
  const held = { released: 0 }
  const claim = async (): Promise<{ release(): void }> => ({ release: () => void (held.released += 1) })
  return {
    open: openBluetoothChannel(gatt, { clock, signal: new AbortController().signal, service: uartService, claim, ...options }),
    held,
  }
}

async function opened(gatt: FakeGatt, clock: Clock): Promise<Opened> {
  const { open, held } = opening(gatt, clock)
  const channel = await open
  const heard: Heard = { messages: [], ends: [], drains: 0 }
  channel.start({
    message: (bytes) => heard.messages.push(bytes),
    drained: () => void (heard.drains += 1),
    closed: (reason) => heard.ends.push(reason),
  })
  return { channel, heard, held }
}

const world: ChannelWorld = {
  async open() {
    const gatt = new FakeGatt()
    const { open } = opening(gatt, realClock)
    const dialer = await open
    return { dialer, listener: new FakeFirmware(gatt, realClock) }
  },
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  otherSideHears: 'lost',
}

describe('ALN-41 channel contract: Bluetooth over a fake GATT', () => {
  for (const one of channelContractCasesFor('stream')) test(one.title, () => one.run(world))
})

describe('ALN-43 a Bluetooth channel', () => {
  test('opens step by step, one operation at a time, and subscribes', async () => {
    const gatt = new FakeGatt()
    const { channel } = await opened(gatt, new VirtualClock())
    expect(gatt.notify.subscribed).toBe(true)
    expect(channel).toMatchObject({ medium: 'bluetooth', carries: 'stream', role: 'dialer', label: 'bluetooth ESP32-black-box-a' })
  })

  test('writes at most 20 bytes, without response, and the messages of one turn share writes', async () => {
    const clock = new VirtualClock()
    const gatt = new FakeGatt()
    const { channel } = await opened(gatt, clock)
    for (let index = 0; index < 5; index += 1) channel.send(Uint8Array.from({ length: 9 }, (_, at) => index * 9 + at))
    await clock.advance(1)
    expect(gatt.writes.map(({ length }) => length)).toEqual([20, 20, 5])
    expect(gatt.writes.flatMap((bytes) => [...bytes])).toEqual(Array.from({ length: 45 }, (_, index) => index))
    expect(gatt.write.withResponse).toBe(0)
  })

  test('writes with response where the device takes no other', async () => {
    const clock = new VirtualClock()
    const gatt = new FakeGatt({ writeWithoutResponse: false })
    const { channel } = await opened(gatt, clock)
    channel.send(new Uint8Array(30))
    await clock.advance(1)
    expect(gatt.write.withResponse).toBe(2)
  })

  test('notifications arrive as copies: the browser may use its buffer again', async () => {
    const clock = new VirtualClock()
    const gatt = new FakeGatt()
    const { heard } = await opened(gatt, clock)
    gatt.notify.notifies(Uint8Array.of(1, 2, 3))
    gatt.notify.notifies(Uint8Array.of(4))
    await clock.advance(1)
    expect(heard.messages).toEqual([Uint8Array.of(1, 2, 3), Uint8Array.of(4)])
  })

  test('answers false above its mark, and drains below the other', async () => {
    const clock = turnClock()
    const gatt = new FakeGatt()
    const { channel, heard } = await opened(gatt, clock)
    expect(channel.send(new Uint8Array(highWaterBytes))).toBe(true)
    expect(channel.send(new Uint8Array(1))).toBe(false)
    expect(channel.bufferedBytes).toBe(highWaterBytes + 1)
    let bufferedWhenDrained = 0
    const before = gatt.written.bind(gatt)
    gatt.written = (bytes) => {
      if (heard.drains === 0) bufferedWhenDrained = channel.bufferedBytes - bytes.length
      before(bytes)
    }
    await clock.advanceUntil(() => channel.bufferedBytes === 0)
    expect(heard.drains).toBe(1)
    expect(bufferedWhenDrained).toBeLessThanOrEqual(lowWaterBytes)
    expect(bufferedWhenDrained).toBeGreaterThan(lowWaterBytes - 20)
  })

  test('who sends on and on without heeding it loses the channel, and not the memory of the page', async () => {
    const clock = new VirtualClock()
    const gatt = new FakeGatt()
    gatt.stuck = 'write'
    const { channel, heard } = await opened(gatt, clock)
    for (let sent = 0; sent <= bufferedBytesMax; sent += 65_536) channel.send(new Uint8Array(65_536))
    expect(channel.bufferedBytes).toBeLessThanOrEqual(bufferedBytesMax)
    await clock.advance(1)
    expect(heard.ends.map(({ code }) => code)).toEqual(['lost'])
  })

  test('waits its turn where somebody else talks to the device', async () => {
    const clock = new VirtualClock()
    const gatt = new FakeGatt()
    const { channel, heard } = await opened(gatt, clock)
    gatt.busyWrites = 3
    channel.send(Uint8Array.from({ length: 25 }, (_, at) => at))
    await clock.advance(3 * busyWaitMs + 1)
    expect(gatt.writes.flatMap((bytes) => [...bytes])).toEqual(Array.from({ length: 25 }, (_, at) => at))
    gatt.busyWrites = busyTriesMax
    channel.send(Uint8Array.of(1))
    await clock.advance(busyTriesMax * busyWaitMs + 1)
    expect(heard.ends).toMatchObject([{ code: 'lost', detail: expect.stringContaining('in progress') as unknown }])
  })

  test.each([
    ['a device that goes', (gatt: FakeGatt) => gatt.lose(), 'out of reach'],
    ['a write that fails', (gatt: FakeGatt) => void gatt.broken.set('write', new Error('GATT Error Unknown.')), 'GATT Error Unknown'],
    ['a write that never ends', (gatt: FakeGatt) => void (gatt.stuck = 'write'), `${writeTimeoutMs} ms`],
  ])('%s ends it as lost, once, and lets the device go', async (_, happen, why) => {
    const clock = new VirtualClock()
    const gatt = new FakeGatt()
    const { channel, heard, held } = await opened(gatt, clock)
    happen(gatt)
    channel.send(new Uint8Array(100))
    await clock.advance(writeTimeoutMs + 1)
    expect(heard.ends).toEqual([{ code: 'lost', detail: expect.stringContaining(why) as unknown }])
    expect([gatt.connected, held.released, channel.bufferedBytes]).toEqual([false, 1, 0])
    expect(channel.send(Uint8Array.of(1))).toBe(false)
    gatt.notify.notifies(Uint8Array.of(1))
    await clock.advance(1)
    expect(heard.messages).toEqual([])
  })

  test('close writes what it took, and waits no longer than its time for it', async () => {
    const clock = new VirtualClock()
    const quick = new FakeGatt()
    const first = await opened(quick, clock)
    first.channel.send(new Uint8Array(50))
    first.channel.close('done')
    await clock.advance(1)
    expect([quick.writes.length, quick.connected, first.held.released]).toEqual([3, false, 1])
    const slow = new FakeGatt()
    slow.stuck = 'write'
    const second = await opened(slow, clock)
    second.channel.send(new Uint8Array(50))
    second.channel.close('done')
    await clock.advance(closingTimeoutMs - 1)
    expect(slow.connected).toBe(true)
    await clock.advance(2)
    expect(slow.connected).toBe(false)
    expect([first, second].map(({ heard }) => heard.ends)).toEqual([
      [{ code: 'local', detail: 'done' }],
      [{ code: 'local', detail: 'done' }],
    ])
  })

  test.each([
    ['connect', 'it does not connect: no answer'],
    ['getPrimaryService', 'it has no Nordic UART: no answer'],
    ['getCharacteristic', 'its Nordic UART takes no bytes: no answer'],
    ['startNotifications', 'it does not notify: no answer'],
  ])('a device that fails at %s is LINK_FAILED, says why, and is let go', async (step, why) => {
    const gatt = new FakeGatt()
    gatt.broken.set(step, new Error('no answer'))
    const { open, held } = opening(gatt, new VirtualClock())
    await expect(open).rejects.toMatchObject({ code: 'LINK_FAILED', message: expect.stringContaining(why) as unknown })
    expect([gatt.connected, held.released > 0]).toEqual([false, true])
  })

  test('one that another tab holds is LINK_FAILED, and left alone', async () => {
    const gatt = new FakeGatt()
    const { open } = opening(gatt, new VirtualClock(), { claim: async () => undefined })
    await expect(open).rejects.toMatchObject({ code: 'LINK_FAILED', message: expect.stringContaining('another tab') as unknown })
    expect([gatt.connections, gatt.disconnects]).toEqual([0, 0])
  })

  test('giving up while it opens lets the device go', async () => {
    const gatt = new FakeGatt()
    const controller = new AbortController()
    const { open, held } = opening(gatt, new VirtualClock(), { signal: controller.signal })
    controller.abort()
    const error = (await open.catch((reason: unknown) => reason)) as MeshError
    expect(error.code).toBe('ABORTED')
    expect([gatt.connected, held.released]).toEqual([false, 1])
  })

  test('a page that is left lets the device go at once', async () => {
    const gatt = new FakeGatt()
    let leave = (): void => {}
    const life = {
      track: (left: () => void) => ((leave = left), () => {}),
      onBack: () => () => {},
      onHidden: () => () => {},
      present: async () => {},
      stop: () => {},
    }
    const { open } = opening(gatt, new VirtualClock(), { life })
    await open
    leave()
    expect(gatt.connected).toBe(false)
  })
})
