// Runs the channel contract inside a real page: one end is the library's channel to an emulated device, the other is that
// device. Left at `window.contract` for the test.

import type { Clock } from '@hopmesh/core'
import { channelContractCasesFor } from '@hopmesh/core/testing'
import type { ChannelPair, ChannelWorld } from '@hopmesh/core/testing'
import { uartService } from '../../../../packages/browser/src/bluetooth/dialer.ts'
import type { GattDevice, WebBluetooth } from '../../../../packages/browser/src/bluetooth/gatt.ts'
import { claimAddress } from '../../../../packages/browser/src/storage/address-claim.ts'
import { pageClock } from '../../../browser-channels/pages/page-clock.ts'
import { DeviceEnd } from './device-end.ts'

interface CaseResult {
  readonly title: string
  readonly failure?: string
}

// How long a channel waits is made for radios; a busy machine may be slower than any of them.
const patientClock: Clock = { ...pageClock, setTimer: (delayMs, callback) => pageClock.setTimer(delayMs * 10, callback) }

const chosen = new Promise<GattDevice>((resolve, reject) => {
  const { bluetooth } = navigator as unknown as { readonly bluetooth: WebBluetooth }
  const choose = (): void => void bluetooth.requestDevice({ filters: [{ services: [uartService] }] }).then(resolve, reject)
  document.querySelector('button')?.addEventListener('click', choose)
})

async function openPair(device: GattDevice, line: WebSocket): Promise<ChannelPair> {
  const listener = new DeviceEnd({ device, line, clock: pageClock })
  const { openBluetoothChannel } = await import('../../../../packages/browser/src/bluetooth/channel.ts')
  const { signal } = new AbortController()
  const dialer = await openBluetoothChannel(device, { clock: patientClock, signal, service: uartService, claim: claimAddress })
  return { dialer, listener, cleanup: () => listener.down }
}

async function run(lineUrl: string): Promise<CaseResult[]> {
  const device = await chosen
  const line = new WebSocket(lineUrl)
  line.binaryType = 'arraybuffer'
  await new Promise((resolve) => line.addEventListener('open', resolve))
  const world: ChannelWorld = {
    open: () => openPair(device, line),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    patienceMs: 60_000,
    fillMessageBytes: 2_048,
    otherSideHears: 'lost',
  }
  const results: CaseResult[] = []
  for (const { title, run: runCase } of channelContractCasesFor('stream')) {
    results.push(
      await runCase(world).then(
        () => ({ title }),
        (error: unknown) => ({ title, failure: String(error) }),
      ),
    )
  }
  return results
}

const contract = { run }

export type BluetoothContractPage = typeof contract

Object.assign(window, { contract })
