import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import type { Router, RouterLink } from '../routing/router.ts'

/**
 * What a device may not call itself: an address of the member form, which only a key can prove, and one by which somebody
 * else can be reached now. Undefined: it may.
 */
export function claimFault(address: string, router: Router, link: RouterLink | undefined): MeshError | undefined {
  const shown = address.slice(0, 40)
  if (isMemberForm(address))
    return new MeshError('PLAIN_REFUSED', `the device calls itself ${shown}: only a member that proves it has such an address`)
  const another = router.destination(address) !== undefined && !(link && router.addressesBehind(link).includes(address))
  return another
    ? new MeshError('IDENTITY_IN_USE', `the device calls itself ${shown}, which is the address of another node here`)
    : undefined
}
