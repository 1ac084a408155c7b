import type * as Library from '@hopmesh/browser'

declare global {
  /** On the bare page: the library, and the mesh that a test has joined. */
  var hopmesh: typeof Library & { readonly mesh: Library.Mesh }
  var mesh: Library.Mesh
  var heard: string[]
}
