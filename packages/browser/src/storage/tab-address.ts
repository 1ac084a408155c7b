// Chooses the suffix of this tab: the one it had before the reload, unless another tab has it now.

import { drawTab } from '@hopmesh/core'
import type { Dice } from '@hopmesh/core'
import { claimAddress } from './address-claim.ts'
import type { AddressClaim } from './address-claim.ts'
import { forgetTab, rememberTab, rememberedTabs } from './tab-memory.ts'

export interface TabAddress {
  readonly tab: string
  readonly lastEpoch: number | undefined
  readonly claim: AddressClaim
}

/** Suffixes that meshes of this very page hold: they are taken, but not by a copied tab. */
const heldHere = new Set<string>()

export async function claimTab(who: string, dice: Dice): Promise<TabAddress> {
  for (const entry of rememberedTabs().filter((each) => each.who === who)) {
    const name = `${who}.${entry.tab}`
    if (heldHere.has(name)) continue
    const claim = await holdAddress(name)
    if (claim !== undefined) return { tab: entry.tab, lastEpoch: entry.epoch, claim }
    if (!heldHere.has(name)) forgetTab(who, entry.tab)
  }
  return drawnTab(who, dice)
}

/** Another one in place of `before`, which somebody else has. */
export function redrawTab(who: string, before: string, dice: Dice): Promise<TabAddress> {
  forgetTab(who, before)
  return drawnTab(who, dice)
}

async function drawnTab(who: string, dice: Dice): Promise<TabAddress> {
  const tab = drawTab(dice)
  rememberTab({ who, tab })
  // A fresh draw is held by somebody once in a million times; then it stays unguarded.
  const claim = (await holdAddress(`${who}.${tab}`)) ?? { release: () => {} }
  return { tab, lastEpoch: undefined, claim }
}

/** Undefined: somebody else has it. */
export async function holdAddress(name: string): Promise<AddressClaim | undefined> {
  heldHere.add(name)
  const claim = await claimAddress(name)
  if (claim === undefined) {
    heldHere.delete(name)
    return undefined
  }
  return {
    release() {
      heldHere.delete(name)
      claim.release()
    },
  }
}

/** Notes the epoch that `address` uses now. Addresses that are not remembered here are none of ours. */
export function keepEpoch(address: string, epoch: number): void {
  const entry = rememberedTabs().find(({ who, tab }) => `${who}.${tab}` === address)
  if (entry !== undefined) rememberTab({ ...entry, epoch })
}
