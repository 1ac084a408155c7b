/** How full one of a router's tables is. Whatever neighbours do, no size ever passes its `max`. */
export interface TableSize {
  readonly table: 'origins' | 'records' | 'unproven' | 'wants' | 'asked' | 'waiting packets' | 'contexts' | 'services'
  readonly size: number
  readonly max: number
}
