import type { Medium } from '../channel/channel.ts'

const base = 16

/** What one link adds to a metric: a direct pipe is cheap, a server in between dearer, a radio dearest. */
export function linkCost(medium: Medium): number {
  switch (medium) {
    case 'memory':
    case 'tabs':
    case 'webrtc':
      return base
    case 'websocket':
    case 'tcp':
      return base + 32
    case 'serial':
      return base + 64
    case 'bluetooth':
      return base + 256
  }
}
