import type { AnyFunctions, FunctionContextOf, FunctionHandlers } from '../functions/function-types.ts'
import type { MayAsk } from '../introspection/answers.ts'
import type { KeyPair } from '../ports/crypto.ts'
import type { RequestHandler } from '../calls/request.ts'

/** What `createMesh` and `joinMesh` take, for a mesh of type `M`. Everything may be left out. */
export interface MeshOptionsOf<M> {
  /** 1–64 bytes of UTF-8, no '/'. Default 'default'. */
  network?: string | undefined
  /**
   * The key of the network: 32 bytes, or the text that `hopmesh key` prints. Without it nobody joins, reads, or learns who
   * is there. A passphrase works too, as well as it cannot be guessed. During a rotation a list: the first one speaks,
   * all are understood.
   */
  key?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined
  /** For relays that ask for one: the token, or what gives a fresh one at each dial. */
  token?: string | (() => string | Promise<string>) | undefined
  /** WebSocket URLs of relays: none, one or several. */
  relays?: readonly string[] | undefined
  /** A display name, never an identity; at most 64 bytes of UTF-8. */
  name?: string | undefined
  /** `persistent`, the default of pages: the browser profile keeps it. `ephemeral`, the default elsewhere: it ends with the process. */
  identity?: 'persistent' | 'ephemeral' | { readonly file: string } | KeyPair | undefined
  /**
   * Direct links: how many this node keeps up by itself (`degree`, default 6), with how many it takes no more that others ask for
   * (`accept`, default 10), and whether there are any (`webrtc`, default true).
   */
  links?: { readonly degree?: number | undefined; readonly accept?: number | undefined; readonly webrtc?: boolean | undefined } | undefined
  /** 'leaf': it carries nothing for others, whatever its links are. Default 'member'. */
  role?: 'member' | 'leaf' | undefined
  /** As `mesh.functions.register` takes them. */
  functions?: FunctionHandlers<AnyFunctions, FunctionContextOf<M>> | undefined
  /** Handlers by name, as `mesh.services.register` takes them. */
  services?: Readonly<Record<string, RequestHandler>> | undefined
  /**
   * Who may ask this node what it is, whom it sees and how it is reached (`describe`, `peers`, `routes`, `trace`, `ping`): everybody,
   * which is the default, nobody, or those for whom the function says true. Others hear NOT_ALLOWED.
   */
  questions?: 'everybody' | 'nobody' | MayAsk | undefined
  /** As RTCPeerConnection takes them, or as texts: 'stun:host'. Default none: only addresses of the own network are tried. */
  iceServers?: readonly unknown[] | undefined
  /** Whether plain ALN nodes may be neighbours. Default 'accept', with a `key` 'refuse'. */
  plainNodes?: 'accept' | 'refuse' | undefined
  /** For `joinMesh`. Default 10 000. */
  timeoutMs?: number | undefined
  /** Aborting it closes the mesh; with `joinMesh` it ends the joining only. */
  signal?: AbortSignal | undefined
  /** 0 (off) … 6 (each frame), or rooms by name: 'link,routing'. */
  debug?: number | string | undefined
}
