/** A part of the page. `update` is called after something in the mesh has changed. */
export interface Panel {
  readonly node: HTMLElement
  update(): void
}
