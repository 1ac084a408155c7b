import { PassingChannel } from '../passing-channel.ts'

/** A channel into which frames are put that its link knows nothing of. */
export class InjectedChannel extends PassingChannel {
  #sent = 0

  override send(message: Uint8Array): boolean {
    this.#sent++
    return super.send(message)
  }

  /** False: wait. The handshake and the first control frames go first. */
  inject(frame: Uint8Array): boolean {
    return this.#sent > 3 && super.send(frame)
  }
}
