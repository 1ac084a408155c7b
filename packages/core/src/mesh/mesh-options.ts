import type { KeyPair } from '../ports/crypto.ts'

/** What `createMesh` and `joinMesh` take. Everything but `network` may be left out. */
export interface MeshOptions {
  /** 1–64 bytes of UTF-8, no '/'. Default 'default'. */
  network?: string | undefined
  /** WebSocket URLs of relays: none, one or several. */
  relays?: readonly string[] | undefined
  /** A display name, never an identity; at most 64 bytes of UTF-8. */
  name?: string | undefined
  identity?: 'persistent' | 'ephemeral' | { readonly file: string } | KeyPair | undefined
  links?: { readonly degree?: number | undefined; readonly accept?: number | undefined; readonly webrtc?: boolean | undefined } | undefined
  iceServers?: readonly unknown[] | undefined
  plainNodes?: 'accept' | 'refuse' | undefined
  /** For `joinMesh`. Default 10 000. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
  /** 0 (off) … 6 (each frame), or rooms by name: 'link,routing'. */
  debug?: number | string | undefined
}
