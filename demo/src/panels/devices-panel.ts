import type { DeviceState, Mesh } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import { KeyedList } from '../keyed-list.ts'
import type { Row } from '../keyed-list.ts'
import type { People } from '../people.ts'
import { sentenceForPairing, shortAddress } from '../plain-words.ts'
import { Readings } from '../readings.ts'
import type { Series } from '../readings.ts'
import { ReadingRow } from './reading-row.ts'
import type { Panel } from './panel.ts'

type Medium = 'bluetooth' | 'serial'

/** A device of this page, by whichever wire. */
interface PairedDevice extends DeviceState {
  readonly medium: Medium
}

const stateWords: Readonly<Record<DeviceState['state'], string>> = {
  connecting: 'connecting …',
  online: 'connected',
  waiting: 'lost, trying again …',
}

const mediumWords: Readonly<Record<Medium, string>> = { bluetooth: 'Bluetooth', serial: 'serial' }

/** Why there is no Bluetooth here; undefined where there is. */
function bluetoothMissing(): string | undefined {
  if ('bluetooth' in navigator) return undefined
  if (!isSecureContext)
    return 'Browsers give Bluetooth only to pages that came over https, or from localhost. This one came over plain http.'
  return 'This browser has no Web Bluetooth. Chrome and Edge have it on Android, Windows, macOS and ChromeOS. Devices that others have paired are here all the same.'
}

class DeviceRow implements Row<PairedDevice> {
  readonly node: HTMLElement
  readonly #name = element('strong', { 'data-testid': 'device-name' })
  readonly #state = element('span', { class: 'tag', 'data-testid': 'device-state' })
  readonly #facts = element('span', { class: 'facts' })
  readonly #disconnect = element('button', { type: 'button', 'data-testid': 'device-disconnect' }, 'Disconnect')

  constructor(device: PairedDevice, mesh: Mesh) {
    this.node = element(
      'li',
      { class: 'row', 'data-testid': 'device', 'data-medium': device.medium },
      element('span', { class: 'dot device', 'aria-hidden': 'true' }),
      element('div', { class: 'grow' }, element('div', { class: 'title' }, this.#name, this.#state), this.#facts),
      this.#disconnect,
    )
    this.#disconnect.addEventListener('click', () => {
      this.#disconnect.disabled = true
      void mesh[device.medium].disconnect(device.id).finally(() => (this.#disconnect.disabled = false))
    })
  }

  update(device: PairedDevice): void {
    const name = device.name || device.address || 'a device without a name'
    setText(this.#name, name)
    // Not lost, but never had: another tab may hold it.
    const never = device.state === 'waiting' && device.address === undefined
    setText(this.#state, never ? 'trying again …' : stateWords[device.state])
    this.#state.title = device.state === 'waiting' ? (device.error?.message ?? '') : ''
    const facts = [mediumWords[device.medium]]
    if (device.address !== undefined && device.address !== '' && device.address !== name) facts.push(shortAddress(device.address))
    setText(this.#facts, facts.join(' · '))
    this.#disconnect.setAttribute('aria-label', `Disconnect ${name}`)
    this.node.dataset['state'] = device.state
    this.node.style.setProperty('--hue', String(hueOf(device.address ?? device.id)))
  }
}

/** Bluetooth and serial devices: pair them, see how they are, and watch what they and the devices of others measure. */
export class DevicesPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #readings = new Readings()
  readonly #deviceRows: KeyedList<PairedDevice>
  readonly #readingRows: KeyedList<Series>
  readonly #note = element('p', { class: 'note', role: 'status', 'data-testid': 'pair-note' })
  readonly #empty = element('p', { class: 'empty' }, 'No readings yet. Whatever any node writes to the service “log” is drawn here.')

  constructor(mesh: Mesh, people: People) {
    this.#mesh = mesh
    const devices = element('ul', { class: 'rows', 'data-testid': 'devices' })
    const readings = element('ul', { class: 'rows', 'data-testid': 'readings' })
    this.#deviceRows = new KeyedList({
      list: devices,
      key: ({ medium, id }) => `${medium} ${id}`,
      create: (device) => new DeviceRow(device, mesh),
    })
    this.#readingRows = new KeyedList({
      list: readings,
      key: ({ source }) => source,
      create: (series) => new ReadingRow(series.source, people),
    })
    this.node = panel(
      { title: 'Devices', testId: 'devices-panel' },
      element('p', { class: 'hint' }, 'A sensor with a Nordic UART that speaks ALN joins the mesh when you pair it. Everybody sees it.'),
      ...this.#doors(),
      this.#note,
      devices,
      readings,
      this.#empty,
    )
    mesh.services.register('log', (request) => {
      if (this.#readings.add(request.from, request.text(), performance.now())) this.#showReadings()
      return undefined
    })
  }

  update(): void {
    const of = (medium: Medium): PairedDevice[] => this.#mesh[medium].devices.map((device) => ({ ...device, medium }))
    this.#deviceRows.show([...of('bluetooth'), ...of('serial')])
    this.#showReadings()
  }

  #showReadings(): void {
    const series = this.#readings.list()
    this.#readingRows.show(series)
    this.#empty.hidden = series.length > 0
  }

  #doors(): HTMLElement[] {
    const missing = bluetoothMissing()
    const buttons: HTMLElement[] = []
    if (missing === undefined) buttons.push(this.#pairButton('bluetooth', 'Pair a Bluetooth device'))
    if ('serial' in navigator) buttons.push(this.#pairButton('serial', 'Connect a serial device'))
    const doors = buttons.length > 0 ? [element('div', { class: 'doors' }, ...buttons)] : []
    return missing === undefined ? doors : [...doors, element('p', { class: 'empty', 'data-testid': 'no-bluetooth' }, missing)]
  }

  #pairButton(medium: Medium, words: string): HTMLElement {
    const button = element('button', { type: 'button', 'data-testid': `pair-${medium}` }, words)
    button.addEventListener('click', () => void this.#pair(medium, button))
    return button
  }

  async #pair(medium: Medium, button: HTMLButtonElement): Promise<void> {
    button.disabled = true
    setText(this.#note, 'Choose the device in the window that your browser shows.')
    try {
      // Called straight from the click: browsers open their chooser for nothing else.
      const pairing = this.#mesh[medium].pair()
      this.update()
      const peer = await pairing
      setText(this.#note, `${peer.name || peer.address} is in the mesh.`)
    } catch (error) {
      setText(this.#note, sentenceForPairing(error))
    } finally {
      button.disabled = false
      this.update()
    }
  }
}
