import { MeshError } from '../errors/mesh-error.ts'

/** The load of a service as apps see it (0 idle … 1 full) and as the wire has it (1 … 127, because 0 kills plain nodes). */
export function loadToWire(load: number): number {
  if (!(typeof load === 'number' && load >= 0 && load <= 1)) {
    throw new MeshError('INVALID_OPTION', `load must be a number from 0 to 1, not ${String(load)}`)
  }
  return 1 + Math.round(load * 126)
}

export function loadFromWire(wire: number): number {
  return (Math.min(Math.max(wire, 1), 127) - 1) / 126
}
