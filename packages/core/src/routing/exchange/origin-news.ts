import type { ProvenRecord } from '../../link/link-owner.ts'
import type { Neighbour } from '../table/origin.ts'
import type { Change } from '../table/route-table.ts'

/**
 * A mere new number is told to nobody (R9), but what the record says anew is: with the first selected route that carries a
 * number above that of the last record, the others hear of it and pull what proves it.
 */
export class OriginNews {
  /** From this number on an origin says something new. */
  readonly #newsAt = new Map<string, number>()

  /** `selected`: the number of the route in use. True: the record says something else than the one before. */
  note(before: ProvenRecord | undefined, proof: ProvenRecord, selected: number | undefined): boolean {
    const { address, seq48 } = proof.record
    if (before === undefined || before.record.seq48 >= seq48 || saysTheSame(before, proof)) return false
    const untold = (this.#newsAt.get(address) ?? 0) > (selected ?? Number.POSITIVE_INFINITY)
    if (!untold) this.#newsAt.set(address, before.record.seq48 + 1)
    return true
  }

  /** The change as the others have to see it; `seq48Before`: the number of the route in use before. */
  weigh<N extends Neighbour>(change: Change<N>, seq48Before: number): Change<N> {
    const { origin, selection } = change
    const news = this.#newsAt.get(origin.address) ?? 0
    const unchanged = selection === 'same' || selection === 'moved'
    const isNews = unchanged && origin.selected !== undefined && seq48Before < news && origin.selected.seq48 >= news
    return isNews ? { ...change, selection: 'changed' } : change
  }

  forget(address: string): void {
    this.#newsAt.delete(address)
  }
}

function saysTheSame({ record: a }: ProvenRecord, { record: b }: ProvenRecord): boolean {
  if (a.kind !== b.kind || a.name !== b.name || a.exchangeKey.some((byte, index) => byte !== b.exchangeKey[index])) return false
  const lists = ({ capabilities, services, plainHosts }: typeof a): string =>
    capabilities.length + services.length + plainHosts.length === 0 ? '' : JSON.stringify([capabilities, services, plainHosts])
  return lists(a) === lists(b)
}
