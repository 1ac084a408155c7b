/** What one relay holds at most. What happens at each bound is said beside it. */
export interface RelayLimits {
  /** Open connections, WebSocket and TCP each. One more is refused (HTTP 503, or a closed socket). */
  readonly connectionsMax: number
  /** Networks at once. One more takes the place of the one that is idle longest, or is refused with BUSY. */
  readonly networksMax: number
  /** A network without a link is forgotten after this. */
  readonly networkIdleMs: number
  /** Greetings under way from one IP address. One more closes the oldest. */
  readonly greetingsPerAddressMax: number
  /** Greetings under way altogether. One more closes the oldest. */
  readonly greetingsMax: number
  /** A client that says nothing is closed after this. */
  readonly silenceMs: number
  /** A plain node's first packet may select its network; a silent one gets the default after this. Java peers leave a host that is silent for 500 ms. */
  readonly selectionMs: number
  /** How long members may take for goodbye when the relay stops. */
  readonly drainMs: number
}

export const relayLimits: RelayLimits = {
  connectionsMax: 10_000,
  networksMax: 1_024,
  networkIdleMs: 60_000,
  greetingsPerAddressMax: 64,
  greetingsMax: 1_024,
  silenceMs: 10_000,
  selectionMs: 250,
  drainMs: 1_500,
}
