import type { NoiseCipher } from '../../src/crypto/noise-cipher.ts'
import { NoiseHandshake, type NoiseRole } from '../../src/crypto/noise.ts'
import { run } from '../../src/async/awaitable.ts'
import type { Crypto } from '../../src/ports/crypto.ts'

export const emptyPayload = new Uint8Array(0)
export const prologue: Uint8Array = new TextEncoder().encode('hopmesh.1 link')
export const payloads: readonly Uint8Array[] = [emptyPayload, Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)]

export interface Side {
  readonly crypto: Crypto
  readonly psk?: Uint8Array | undefined
  readonly prologue?: Uint8Array | undefined
}

export interface Ciphers {
  readonly send: NoiseCipher
  readonly receive: NoiseCipher
}

export async function handshakeOf(role: NoiseRole, side: Side): Promise<NoiseHandshake> {
  const staticKeys = await side.crypto.generateExchangeKeys()
  return new NoiseHandshake({ crypto: side.crypto, role, staticKeys, prologue: side.prologue ?? prologue, psk: side.psk })
}

/**
 * Runs the three messages; `onWire` may change one. Answers with both handshakes and what each read was given
 * (undefined where it refused: the run ends there).
 */
export async function runHandshake(
  left: Side,
  right: Side,
  onWire: (message: Uint8Array, index: number) => Uint8Array = (message) => message,
): Promise<{ initiator: NoiseHandshake; responder: NoiseHandshake; read: (Uint8Array | undefined)[] }> {
  const initiator = await handshakeOf('initiator', left)
  const responder = await handshakeOf('responder', right)
  const read: (Uint8Array | undefined)[] = []
  for (const [index, payload] of payloads.entries()) {
    const [writer, reader] = index % 2 === 0 ? [initiator, responder] : [responder, initiator]
    const message = await run(writer.writeMessage(payload))
    read.push(await run(reader.readMessage(onWire(message, index))))
    if (read.at(-1) === undefined) break
  }
  return { initiator, responder, read }
}

/** True when what each side seals opens at the other, in both directions and in order. */
export async function ciphersAgree(left: Ciphers, right: Ciphers): Promise<boolean> {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    for (const length of [0, 1, 1_000]) {
      const plain = new Uint8Array(length).fill(length)
      const opened = await to.receive.open(await from.send.seal(plain))
      if (opened === undefined || !opened.every((byte, at) => byte === plain[at]) || opened.length !== length) return false
    }
  }
  return true
}
