import type { BrowserContext } from '@playwright/test'

/** Nobody in this context makes direct links: what comes to its pages came through the relay. */
export async function withoutDirectLinks(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => Reflect.deleteProperty(window, 'RTCPeerConnection'))
}
