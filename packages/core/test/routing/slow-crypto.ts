import type { Clock } from '../../src/ports/clock.ts'
import type { Crypto, KeyPair } from '../../src/ports/crypto.ts'
import type { Dice } from '../../src/ports/dice.ts'

/** A port that answers as WebCrypto does: later, and not in the order in which it was asked. */
export class SlowCrypto {
  readonly #clock: Clock
  readonly #dice: Pick<Dice, 'random'>
  readonly #delayMsMax: number

  constructor(clock: Clock, dice: Pick<Dice, 'random'>, delayMsMax: number) {
    this.#clock = clock
    this.#dice = dice
    this.#delayMsMax = delayMsMax
  }

  port(crypto: Crypto): Crypto {
    return {
      sha256: (bytes) => this.#later(() => crypto.sha256(bytes)),
      hmacSha256: (key, bytes) => this.#later(() => crypto.hmacSha256(key, bytes)),
      pbkdf2Sha256: (...given) => this.#later(() => crypto.pbkdf2Sha256(...given)),
      keyPairFromSeed: (seed) => this.#later(async () => this.keyPair(await crypto.keyPairFromSeed(seed))),
      generateKeyPair: () => this.#later(async () => this.keyPair(await crypto.generateKeyPair())),
      verify: (...given) => this.#later(() => crypto.verify(...given)),
      generateExchangeKeys: () => this.#later(() => crypto.generateExchangeKeys()),
      exchange: (...given) => this.#later(() => crypto.exchange(...given)),
      seal: (...given) => this.#later(() => crypto.seal(...given)),
      open: (...given) => this.#later(() => crypto.open(...given)),
    }
  }

  keyPair(keyPair: KeyPair): KeyPair {
    return { publicKey: keyPair.publicKey, sign: (message) => this.#later(() => keyPair.sign(message)) }
  }

  #later<T>(answer: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => {
      this.#clock.setTimer(this.#dice.random() * this.#delayMsMax, () => resolve(answer()))
    })
  }
}
