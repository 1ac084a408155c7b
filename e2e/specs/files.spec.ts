import { readFileSync, writeFileSync } from 'node:fs'
import { joinMesh } from '@hopmesh/server'
import type { SeekableSource } from '@hopmesh/server'
import type { DemoPage } from '../support/demo-page.ts'
import { expect, test } from '../support/test.ts'

const percent = /^\d+ %$/

function text(kilobytes: number): string {
  return Array.from({ length: kilobytes }, (_, line) => `${line} `.padEnd(999, 'hopmesh ')).join('\n') + '\n'
}

/** Four megabytes: one of them comes at once, the others when they are let go. */
function slowFile(name: string): { slow: SeekableSource; go(): void } {
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => (go = resolve))
  const slow: SeekableSource = {
    size: 4_000_000,
    name,
    slice: (start, end) => ({
      async arrayBuffer() {
        if (start > 1_000_000) await gate
        return new ArrayBuffer(end - start)
      },
    }),
  }
  return { slow, go: () => go() }
}

/** As somebody who drags a file from the desktop. */
async function drop(onto: ReturnType<DemoPage['part']>, file: { readonly name: string; readonly content: string }): Promise<void> {
  const dragged = await onto.page().evaluateHandle(({ name, content }) => {
    const data = new DataTransfer()
    data.items.add(new File([content], name, { type: 'text/plain', lastModified: 1 }))
    return data
  }, file)
  await onto.dispatchEvent('dragover', { dataTransfer: dragged })
  await expect(onto).toHaveAttribute('data-dropping')
  await onto.dispatchEvent('drop', { dataTransfer: dragged })
  await expect(onto).not.toHaveAttribute('data-dropping')
}

test('PN-14 a file dropped on a member arrives there, and can be saved', async ({ pages, relay }, info) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await expect(ada.member('Bob')).toBeVisible()
  const content = text(3_000)
  await drop(ada.member('Bob'), { name: 'hill of june.txt', content })

  for (const [page, other] of [
    [ada, 'to Bob'],
    [bob, 'from Ada'],
  ] as const) {
    await expect(page.part('transfer-name')).toHaveText('hill of june.txt')
    await expect(page.part('transfer-state')).toHaveText('done ✓')
    await expect(page.part('transfer-facts')).toHaveText(`${other} · 3.0 MB`)
  }
  await expect(ada.part('transfer-save')).toBeHidden()
  const downloading = bob.page.waitForEvent('download')
  await bob.part('transfer-save').click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe('hill of june.txt')
  expect(readFileSync(await download.path(), 'utf8')).toBe(content)

  // On the picture, and chosen by hand.
  await drop(ada.node('Bob'), { name: 'second.txt', content: 'second' })
  await expect(bob.part('transfer')).toHaveCount(2)
  const chosen = info.outputPath('third.txt')
  writeFileSync(chosen, 'third')
  await ada.part('file-target').selectOption({ label: 'to Bob' })
  await ada.part('file-choice').setInputFiles(chosen)
  await expect(bob.part('transfer-name')).toHaveText(['third.txt', 'second.txt', 'hill of june.txt'])
  await expect(bob.part('transfer-state')).toHaveText(['done ✓', 'done ✓', 'done ✓'])
})

test('PN-14 a file that was meant for somebody who has just left goes to nobody else', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  const eve = await pages.demo({ relay: relay.url, name: 'Eve' })
  await expect(ada.member('Bob')).toBeVisible()
  await expect(ada.member('Eve')).toBeVisible()
  await ada.part('file-target').selectOption({ label: 'to Bob' })
  await bob.page.close()
  await ada.misses('Bob')
  await expect(ada.part('file-target').locator('option:checked')).toHaveText('to Bob (away)')
  await ada.part('file-choice').setInputFiles({ name: 'secret.txt', mimeType: 'text/plain', buffer: Buffer.from('for Bob') })
  await expect(ada.part('transfer-state')).toHaveText('failed')
  await expect(ada.part('transfer-facts')).toContainText('to Bob')
  await expect(ada.part('transfer')).toContainText('at the moment')
  await expect(eve.part('transfer')).toHaveCount(0)
})

test('PN-14 the sender sees how far it has come, and can cancel it', async ({ pages, relay }) => {
  const dora = await joinMesh({ relays: [relay.url], name: 'Dora' })
  const seen: string[] = []
  dora.streams.register('file', async (ctx, readable) => {
    const reader = readable.getReader()
    await reader.read()
    await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
    try {
      while (!(await reader.read()).done);
      seen.push('ended')
    } catch (error) {
      seen.push((error as { code: string }).code)
    }
  })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(ada.member('Dora')).toBeVisible()
  await drop(ada.member('Dora'), { name: 'large.txt', content: text(9_000) })
  await expect(ada.part('transfer-state')).toHaveText(percent)
  await expect(ada.part('transfer-state')).not.toHaveText('0 %')
  await expect(ada.part('transfer-bar')).toBeVisible()
  await ada.part('transfer-cancel').click()
  await expect(ada.part('transfer-state')).toHaveText('cancelled')
  await expect(ada.part('transfer-cancel')).toBeHidden()
  await expect.poll(() => seen).toEqual(['STREAM_RESET'])
  await dora.close()
})

test('PN-14 the receiver sees how far it has come, and can cancel it; a member that takes no files says so', async ({ pages, relay }) => {
  const dora = await joinMesh({ relays: [relay.url], name: 'Dora' })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(ada.member('Dora')).toBeVisible()
  const { slow, go } = slowFile('<b>slow</b>.bin')
  const sent = await dora.stream('Ada', 'file', slow)
  await expect(ada.part('transfer-name')).toHaveText('<b>slow</b>.bin')
  await expect(ada.part('transfer-state')).toHaveText(/^[23]\d %$/)
  await expect(ada.part('transfer-facts')).toContainText('from Dora · 4.0 MB')
  await ada.part('transfer-cancel').click()
  await expect(ada.part('transfer-state')).toHaveText('cancelled')
  await expect(sent.getReader().read()).rejects.toMatchObject({ code: 'REMOTE_ERROR', cause: { message: 'cancelled there' } })
  go()

  await drop(ada.member('Dora'), { name: 'unwanted.txt', content: 'x' })
  await expect(ada.part('transfer-note').first()).toHaveText('That member does not take this.')
  await expect(ada.part('transfer-state').first()).toHaveText('failed')
  await dora.close()
})

test('PN-14 a page that is loaded again takes the file all the same, without a word from anybody', async ({ pages, relay }) => {
  const dora = await joinMesh({ relays: [relay.url], name: 'Dora' })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(ada.member('Dora')).toBeVisible()
  const { slow, go } = slowFile('slow.bin')
  const answer = await dora.stream('Ada', 'file', slow)
  await expect(ada.part('transfer-state')).toHaveText(/^[23]\d %$/)
  await ada.page.reload()
  await expect(ada.part('transfer-state')).toHaveText(percent)
  go()
  await expect(ada.part('transfer-state')).toHaveText('done ✓')
  expect(await answer.getReader().read()).toMatchObject({ done: true })
  await dora.close()
})

test('PN-14 a sender that is loaded again and drops the file again sends only the rest', async ({ pages, relay }) => {
  const dora = await joinMesh({ relays: [relay.url], name: 'Dora' })
  let kept = new Uint8Array()
  const begun: number[] = []
  let go = (): void => {}
  const gate = new Promise<void>((resolve) => (go = resolve))
  dora.streams.register(
    'file',
    async ({ offset }, readable) => {
      begun.push(offset)
      for await (const bytes of readable) {
        kept = new Uint8Array(Buffer.concat([kept, bytes]))
        if (kept.length > 1_000_000) await gate
      }
    },
    { kept: () => kept },
  )
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(ada.member('Dora')).toBeVisible()
  const file = { name: 'large.txt', content: text(4_000) }
  await drop(ada.member('Dora'), file)
  await expect.poll(() => kept.length).toBeGreaterThan(1_000_000)
  await ada.page.reload()
  go()
  await expect(ada.member('Dora')).toBeVisible()
  await drop(ada.member('Dora'), file)
  await expect(ada.part('transfer-state')).toHaveText('done ✓')
  expect(new TextDecoder().decode(kept)).toBe(file.content)
  expect(begun[0]).toBe(0)
  expect(begun[1]).toBeGreaterThan(1_000_000)
  await dora.close()
})
