import type { MemberRecord } from '../identity/member-record.ts'

/** Who is at the other end of a link. */
export interface LinkPeer {
  readonly address: string
  readonly kind: 'member' | 'relay' | 'plain'
}

/** Who showed this record in a handshake. */
export function peerOf({ address, kind }: MemberRecord): LinkPeer {
  return { address, kind: kind === 'relay' ? 'relay' : kind === 'named' ? 'plain' : 'member' }
}
