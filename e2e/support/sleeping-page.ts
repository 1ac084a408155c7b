import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'

export interface SleepingPage {
  /** It goes on from where it was. */
  wake(): Promise<void>
}

/** Nothing of the page runs until it is woken, and its sockets are not read: it waits for an answer in the thread that does all else. */
export async function putToSleep(page: Page): Promise<SleepingPage> {
  const alarm = createServer().listen(0, '127.0.0.1')
  await once(alarm, 'listening')
  const asked = once(alarm, 'request') as Promise<[unknown, ServerResponse]>
  const asleep = page.evaluate(
    (port) => {
      const request = new XMLHttpRequest()
      request.open('GET', `http://127.0.0.1:${port}/`, false)
      request.send()
    },
    (alarm.address() as AddressInfo).port,
  )
  const [, answer] = await asked
  return {
    async wake() {
      answer.writeHead(200, { 'access-control-allow-origin': '*' }).end()
      await asleep
      alarm.close()
    },
  }
}
