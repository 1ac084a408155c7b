export function joined(messages: readonly Uint8Array[]): Uint8Array
export function parted(input: Uint8Array, messagesMax?: number): Uint8Array[]
