import type { BroadcastId, BroadcastLife } from '../wire/gossip-control.ts'

export function lifeKey({ origin, epoch, fleeting }: BroadcastLife): string {
  return fleeting ? `${origin} ${epoch} ~` : `${origin} ${epoch}`
}

export function idKey(id: BroadcastId): string {
  return `${lifeKey(id)} ${id.counter}`
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
