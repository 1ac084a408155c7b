import { expect } from '@playwright/test'
import type { Page } from '@playwright/test'

/** Collects what a page complains about. A test fails on any of it, unless it has said that it expects it. */
export class PageGuard {
  readonly #complaints: string[] = []
  readonly #expected: RegExp[] = []

  watch(page: Page): void {
    page.on('console', (message) => {
      if (message.type() === 'error') this.#complaints.push(`console: ${message.text()}`)
    })
    page.on('pageerror', (error) => this.#complaints.push(`page error: ${error.message}`))
  }

  /** A browser itself reports each WebSocket that cannot be opened; a test that takes the relay away expects that. */
  expectRelayLoss(): void {
    this.#expected.push(/^console: WebSocket connection to '[^']*' failed/)
  }

  check(): void {
    const surprises = this.#complaints.filter((complaint) => !this.#expected.some((pattern) => pattern.test(complaint)))
    expect(surprises, 'no page complains').toEqual([])
  }
}
