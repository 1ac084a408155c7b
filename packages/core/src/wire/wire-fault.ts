/** What was wrong with bytes or text that somebody else sent. */
export type WireFaultCode =
  | 'truncated'
  | 'too-long'
  | 'bad-utf8'
  | 'bad-json'
  | 'bad-escape'
  | 'bad-value'
  | 'bad-signature'
  | 'wrong-key'
  | 'unknown-kind'

/** The answer of every decoder to bytes it cannot read. A value, never thrown: a neighbour's mistake is not our exception. */
export class WireFault {
  readonly code: WireFaultCode
  readonly detail: string

  constructor(code: WireFaultCode, detail: string) {
    this.code = code
    this.detail = detail
  }
}

/** Whether what was decoded is a fault. */
export function isWireFault(value: unknown): value is WireFault {
  return value instanceof WireFault
}
