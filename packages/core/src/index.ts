export { MeshError, meshErrorCodes } from './errors/mesh-error.ts'
export type { MeshErrorCode } from './errors/mesh-error.ts'
