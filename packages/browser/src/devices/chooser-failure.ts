import { MeshError } from '@hopmesh/core'

export interface ChooserWords {
  /** 'Bluetooth device'. */
  readonly what: string
  /** What is told when the page may not. */
  readonly missing: 'NO_BLUETOOTH' | 'NO_SERIAL'
}

/** Why a browser's chooser gave nothing: INVALID_OPTION, PAIRING_DISMISSED, or that the page may not ask. */
export function chooserFailure(error: unknown, { what, missing }: ChooserWords): MeshError {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (name === 'TypeError') return new MeshError('INVALID_OPTION', `The filters are refused: ${message}`, { cause: error })
  // The same name for a policy of the page and for a missing click.
  const clicked = globalThis.navigator.userActivation?.isActive ?? true
  if (name === 'SecurityError' && clicked)
    return new MeshError(missing, `This page may not ask for a ${what}: ${message}`, { cause: error })
  return new MeshError('PAIRING_DISMISSED', `No ${what} was chosen: ${message}`, { cause: error })
}
