import type { GossipTableSize } from '../../gossip/gossip.ts'

/** How full one of a router's tables is. Whatever neighbours do, no size ever passes its `max`. */
export interface TableSize {
  readonly table:
    | 'origins'
    | 'records'
    | 'unproven'
    | 'wants'
    | 'asked'
    | 'waiting packets'
    | 'contexts'
    | 'services'
    | GossipTableSize['table']
  readonly size: number
  readonly max: number
}
