import type { Page } from '@playwright/test'
import { expect } from '@playwright/test'

export interface JoinOptions {
  readonly relay: string
  readonly network?: string
  readonly name?: string
  /** Direct links it makes by itself. */
  readonly degree?: number
}

export interface PeerView {
  readonly direct: boolean
  readonly hops: number
  readonly via: string
  readonly kind: string
}

/** A page with nothing but the library: what a test does here, an app could do. */
export class BarePage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** Joins, offers `ping`, and returns the address. */
  join({ relay, network = 'default', name = 'bare', degree }: JoinOptions): Promise<string> {
    return this.page.evaluate(
      async (options) => {
        globalThis.mesh = await hopmesh.joinMesh({
          network: options.network,
          relays: [options.relay],
          name: options.name,
          timeoutMs: 60_000,
          ...(options.degree === undefined ? {} : { links: { degree: options.degree } }),
        })
        globalThis.heard = []
        mesh.on('message', ({ parts }) => void heard.push(typeof parts[0] === 'string' ? parts[0] : ''))
        mesh.services.register('ping', (request) => `pong ${request.text()} from ${options.name}`)
        return mesh.address
      },
      { relay, network, name, degree },
    )
  }

  /** The first part of every message that came, in order. */
  heard(): Promise<string[]> {
    return this.page.evaluate(() => heard)
  }

  address(): Promise<string> {
    return this.page.evaluate(() => mesh.address)
  }

  /** What this member knows of another; undefined while it knows nothing. */
  peer(address: string): Promise<PeerView | undefined> {
    return this.page.evaluate((wanted) => {
      const peer = mesh.peer(wanted)
      return peer?.state === 'active' ? { direct: peer.direct, hops: peer.hops, via: peer.via, kind: peer.kind } : undefined
    }, address)
  }

  /** Waits until it knows the other one. */
  async sees(address: string): Promise<void> {
    await expect.poll(() => this.peer(address), { message: `${address} is seen` }).toBeDefined()
  }

  async connect(address: string): Promise<void> {
    await this.sees(address)
    await this.page.evaluate(async (target) => {
      await mesh.connect(target, { timeoutMs: 60_000 })
    }, address)
  }

  /** Calls a service of one provider and returns the text of the reply. */
  call(options: { readonly service?: string; readonly to: string; readonly body?: string; readonly timeoutMs?: number }): Promise<string> {
    return this.page.evaluate(
      async ({ service, to, body, timeoutMs }) => {
        const reply = await mesh.call(service, body, { timeoutMs, select: (offers) => offers.find((offer) => offer.address === to) })
        return reply.text()
      },
      { service: options.service ?? 'ping', to: options.to, body: options.body ?? 'hello', timeoutMs: options.timeoutMs ?? 30_000 },
    )
  }

  /** Waits until the service of that provider is known here. */
  async offers(service: string, provider: string): Promise<void> {
    await expect
      .poll(
        () =>
          this.page.evaluate(([name, address]) => mesh.services.list(name).some((offer) => offer.address === address), [
            service,
            provider,
          ] as const),
        {
          message: `${service} of ${provider} is known`,
        },
      )
      .toBe(true)
  }
}
