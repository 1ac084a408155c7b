import type { Locator, Page } from '@playwright/test'
import { expect } from '@playwright/test'

/** The demo page, used as people use it: by looking and clicking. */
export class DemoPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  part(testId: string): Locator {
    return this.page.getByTestId(testId)
  }

  async online(): Promise<void> {
    await expect(this.part('state')).toHaveText('online')
  }

  async address(): Promise<string> {
    await expect(this.part('own-address')).not.toBeEmpty()
    return (await this.part('own-address').textContent()) ?? ''
  }

  member(name: string): Locator {
    return this.part('member').filter({ has: this.page.getByTestId('member-name').getByText(name, { exact: true }) })
  }

  /** Waits until this member is gone, or told to be out of reach. */
  async misses(name: string): Promise<void> {
    await expect(this.member(name).and(this.page.locator('[data-state=active]'))).toHaveCount(0)
  }

  service(provider: string, service = 'ping'): Locator {
    return this.page.locator(`[data-testid=service][data-service="${service}"]`).filter({ hasText: provider })
  }

  /** Somebody in the picture. */
  node(name: string): Locator {
    return this.part('picture-node').filter({ has: this.page.locator('text').getByText(name, { exact: true }) })
  }

  async say(text: string, to?: string): Promise<void> {
    if (to !== undefined) await this.part('chat-target').selectOption({ label: `only ${to}` })
    await this.part('chat-text').fill(text)
    await this.part('chat-send').click()
  }

  line(text: string): Locator {
    return this.part('chat-line').filter({ has: this.page.getByTestId('chat-body').getByText(text, { exact: true }) })
  }
}
