export type Child = Node | string

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

function fill<T extends Element>(node: T, attributes: Attributes, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : String(value))
  }
  // Strings become text nodes: what others wrote is never read as HTML.
  node.append(...children)
  return node
}

/** An element of the page. Texts among the children are shown as they are. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children)
}

/** An element of a picture. */
export function shape<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

/** Changes a text only when it differs, so that a screen reader is not told the same twice. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** A titled part of the page. */
export function panel(
  options: { readonly title: string; readonly testId: string; readonly className?: string },
  ...children: Child[]
): HTMLElement {
  const id = `${options.testId}-title`
  return element(
    'section',
    { class: `panel ${options.className ?? ''}`.trim(), 'data-testid': options.testId, 'aria-labelledby': id },
    element('h2', { id }, options.title),
    ...children,
  )
}
