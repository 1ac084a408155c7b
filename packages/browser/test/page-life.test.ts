import { describe, expect, test } from 'vitest'
import { watchPageLife } from '../src/page-life.ts'

function page(): { window: EventTarget; leave: () => void; comeBack: (persisted: boolean) => void } {
  const window = new EventTarget()
  return {
    window,
    leave: () => window.dispatchEvent(new Event('pagehide')),
    comeBack: (persisted) => window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted })),
  }
}

async function settled(promise: Promise<void>): Promise<boolean> {
  return Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setTimeout(() => resolve(false)))])
}

describe('the life of a page', () => {
  test('what is tracked hears that the page is left, until it is forgotten', () => {
    const { window, leave } = page()
    const life = watchPageLife(window)
    const heard: string[] = []
    life.track(() => heard.push('kept'))
    life.track(() => heard.push('forgotten'))()
    leave()
    expect(heard).toEqual(['kept'])
  })

  test('who asks hears that the page is hidden or shown, and at once when it is hidden already', () => {
    const { window } = page()
    const document = { visibilityState: 'hidden' }
    Object.assign(globalThis, { document })
    try {
      const life = watchPageLife(window)
      const heard: boolean[] = []
      const forget = life.onHidden((hidden) => heard.push(hidden))
      document.visibilityState = 'visible'
      window.dispatchEvent(new Event('visibilitychange'))
      forget()
      window.dispatchEvent(new Event('visibilitychange'))
      expect(heard).toEqual([true, false])
    } finally {
      Reflect.deleteProperty(globalThis, 'document')
    }
  })

  test('while it is away nothing is dialled; a page from the back-forward cache dials at once', async () => {
    const { window, leave, comeBack } = page()
    const life = watchPageLife(window)
    let backs = 0
    life.onBack(() => {
      backs += 1
    })
    expect(await settled(life.present())).toBe(true)
    comeBack(false)
    expect(backs).toBe(0)
    leave()
    const present = life.present()
    window.dispatchEvent(new Event('online'))
    expect([await settled(present), backs]).toEqual([false, 0])
    comeBack(true)
    expect([await settled(present), backs]).toEqual([true, 1])
  })

  test('a device that is online again dials at once', () => {
    const { window } = page()
    const life = watchPageLife(window)
    let backs = 0
    life.onBack(() => {
      backs += 1
    })
    window.dispatchEvent(new Event('online'))
    expect(backs).toBe(1)
  })

  test('stop forgets everything, and nobody waits for ever', async () => {
    const { window, leave, comeBack } = page()
    const life = watchPageLife(window)
    const heard: string[] = []
    life.track(() => heard.push('left'))
    life.onBack(() => heard.push('back'))
    leave()
    heard.length = 0
    const present = life.present()
    life.stop()
    leave()
    comeBack(true)
    expect([await settled(present), heard]).toEqual([true, []])
  })

  test('without a window nothing ever happens', async () => {
    expect(await settled(watchPageLife(undefined).present())).toBe(true)
  })
})
