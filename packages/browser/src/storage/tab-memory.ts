// Which address this tab has, kept in sessionStorage: a reload finds it again, a new tab does not. Each entry also keeps
// the epoch that was used last, so that the same address never speaks with an older number.

import { rememberedTabsMax } from './limits.ts'

export interface RememberedTab {
  /** The `who` that the suffix belongs to. */
  readonly who: string
  /** The 4 characters after the dot. */
  readonly tab: string
  readonly epoch?: number
}

const storageKey = 'hopmesh.tabs'

/** Newest last. Empty where there is no sessionStorage, or where it holds something else. */
export function rememberedTabs(): RememberedTab[] {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(storageKey) ?? '[]')
    return Array.isArray(value) ? value.filter(isRemembered).slice(-rememberedTabsMax) : []
  } catch {
    return []
  }
}

/** Adds an entry, or replaces the one of the same address where it stands: several meshes of a page find theirs again in order. */
export function rememberTab(entry: RememberedTab): void {
  const entries = rememberedTabs()
  const index = entries.findIndex(({ who, tab }) => who === entry.who && tab === entry.tab)
  keep(index < 0 ? [...entries, entry].slice(-rememberedTabsMax) : entries.with(index, entry))
}

export function forgetTab(who: string, tab: string): void {
  keep(rememberedTabs().filter((entry) => entry.who !== who || entry.tab !== tab))
}

function keep(entries: readonly RememberedTab[]): void {
  try {
    sessionStorage.setItem(storageKey, JSON.stringify(entries))
  } catch {
    // Storage is refused or full: the tab has a new address after a reload, which is all that is lost.
  }
}

function isRemembered(value: unknown): value is RememberedTab {
  if (typeof value !== 'object' || value === null) return false
  const { who, tab, epoch } = value as Record<string, unknown>
  if (typeof who !== 'string' || typeof tab !== 'string' || !/^[a-z2-7]{4}$/.test(tab)) return false
  return epoch === undefined || Number.isSafeInteger(epoch)
}
