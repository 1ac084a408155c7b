// Who carries bytes from one tab to another: the browser itself, we, and libraries that do the same. And how long they take to join.
import { fileURLToPath } from 'node:url'
import { startRelay } from '@hopmesh/server'
import { ServerProcess } from '../child-process.ts'
import { installPeer } from '../peer-packages.ts'
import { BrowserTabs, ServedPage, type Pair } from './browser-tabs.ts'

export interface Carrier {
  readonly name: string
  /** Carries so many bytes in pieces of 16 KiB, and waits until the other tab says that it has them. Milliseconds. */
  send(bytes: number): Promise<number>
}

/** Milliseconds from the first word of a page to its library, which is loaded already. */
export interface Joined {
  /** It has a place in the network: what others do to reach it arrives. */
  readonly online: number
  /** It has a data channel to another tab, which had joined before. */
  readonly direct: number
}

export interface Joiner {
  readonly name: string
  /** In two new tabs. */
  join(): Promise<Joined>
}

interface Carriers {
  readonly carriers: readonly Carrier[]
  readonly joiners: readonly Joiner[]
  close(): Promise<void>
}

/** What pages have in their global scope, by name. */
interface Library {
  join(server: string): Promise<string>
  connect(id: string): Promise<void>
  send(to: string, bytes: number): Promise<number>
}
type LibraryTab = Readonly<Record<string, Library>>
interface RawTab {
  readonly raw: {
    offer(): Promise<string>
    answer(offer: string): Promise<string>
    accept(answer: string): Promise<void>
    send(bytes: number): Promise<number>
  }
}

const ownPage = fileURLToPath(new URL('../../pages/streams', import.meta.url))

/** Everybody who carries, in tabs of one browser; all of it is closed when `measure` is through. */
export async function withCarriers<T>(
  measure: (opened: Pick<Carriers, 'carriers' | 'joiners'>, tabs: BrowserTabs) => Promise<T>,
): Promise<T> {
  const tabs = await BrowserTabs.launch()
  const opened: Carriers[] = []
  try {
    opened.push(await ownCarriers(tabs))
    opened.push(await peerCarriers(tabs))
    return await measure({ carriers: opened.flatMap(({ carriers }) => carriers), joiners: opened.flatMap(({ joiners }) => joiners) }, tabs)
  } finally {
    await tabs.close()
    for (const { close } of opened) await close()
  }
}

/** A bare data channel and `mesh.stream`, between the same two tabs. */
async function ownCarriers(tabs: BrowserTabs): Promise<Carriers> {
  const served = await ServedPage.serve(ownPage)
  const relay = await startRelay({ port: 0 })
  const pair = await tabs.pair(served.url)
  return {
    carriers: [await rawCarrier(pair), await libraryCarrier(pair, 'hopmesh', relay.ws)],
    joiners: [joiner(tabs, served.url, ['hopmesh', relay.ws])],
    async close() {
      await relay.close()
      await served.close()
    },
  }
}

/** PeerJS and Trystero, each with the signaling that it brings; nobody when they cannot be installed. */
async function peerCarriers(tabs: BrowserTabs): Promise<Carriers> {
  const folder = await installPeer('webrtc')
  if (folder === undefined) return { carriers: [], joiners: [], close: async () => {} }
  const served = await ServedPage.serve(fileURLToPath(folder))
  const signaling = await ServerProcess.start(fileURLToPath(new URL('signaling.mjs', folder)))
  const { ws = '', tcp = '' } = signaling.ready
  const pair = await tabs.pair(served.url)
  return {
    carriers: [await libraryCarrier(pair, 'PeerJS', tcp), await libraryCarrier(pair, 'Trystero', ws)],
    joiners: [joiner(tabs, served.url, ['PeerJS', tcp]), joiner(tabs, served.url, ['Trystero', ws])],
    async close() {
      await signaling.stop()
      await served.close()
    },
  }
}

async function rawCarrier({ one, other }: Pair): Promise<Carrier> {
  const offer = await one.evaluate(() => (globalThis as unknown as RawTab).raw.offer())
  const answer = await other.evaluate((said) => (globalThis as unknown as RawTab).raw.answer(said), offer)
  await one.evaluate((said) => (globalThis as unknown as RawTab).raw.accept(said), answer)
  const name = 'raw RTCDataChannel'
  return { name, send: (bytes) => one.evaluate((count) => (globalThis as unknown as RawTab).raw.send(count), bytes) }
}

/** The name of the library in the page is its own in lower case. */
async function libraryCarrier({ one, other }: Pair, name: string, server: string): Promise<Carrier> {
  const library = name.toLowerCase()
  const joining = [library, server] as const
  const join = ([key, url]: typeof joining): Promise<string> => (globalThis as unknown as LibraryTab)[key]!.join(url)
  const id = await other.evaluate(join, joining)
  await one.evaluate(join, joining)
  await one.evaluate(([key, to]) => (globalThis as unknown as LibraryTab)[key]!.connect(to), [library, id] as const)
  const send = (bytes: number): Promise<number> =>
    one.evaluate(([key, to, count]) => (globalThis as unknown as LibraryTab)[key]!.send(to, count), [library, id, bytes] as const)
  return { name, send }
}

function joiner(tabs: BrowserTabs, url: string, [name, server]: readonly [name: string, server: string]): Joiner {
  const library = name.toLowerCase()
  const join = async (): Promise<Joined> => {
    const { one, other } = await tabs.pair(url)
    const id = await other.evaluate(([key, to]) => (globalThis as unknown as LibraryTab)[key]!.join(to), [library, server] as const)
    const joined = await one.evaluate(
      async ([key, to, peer]) => {
        const tab = (globalThis as unknown as LibraryTab)[key]!
        const since = performance.now()
        await tab.join(to)
        const online = performance.now() - since
        await tab.connect(peer)
        return { online, direct: performance.now() - since }
      },
      [library, server, id] as const,
    )
    await Promise.all([one.close(), other.close()])
    return joined
  }
  return { name, join }
}
