import type { FunctionHandlers, FunctionContext } from '@hopmesh/browser'

/** What every page lets others call by name. */
export interface DemoFunctions {
  add(a: number, b: number): number
  greet(name: string): string
  /** The letters of a text, counted. */
  letters(text: string): Map<string, number>
}

const lettersMax = 10_000

export function demoFunctions(ownName: string): FunctionHandlers<DemoFunctions, FunctionContext> {
  return {
    add: (_, a, b) => {
      if (typeof a !== 'number' || typeof b !== 'number') throw new TypeError('add takes two numbers')
      return a + b
    },
    greet: ({ mesh, caller }, name) => `Hello ${name || (mesh.peer(caller)?.name ?? 'you')}, this is ${ownName}.`,
    letters: (_, text) => {
      if (typeof text !== 'string') throw new TypeError('letters takes a text')
      const counts = new Map<string, number>()
      for (const letter of text.slice(0, lettersMax).toLowerCase().matchAll(/\p{L}/gu))
        counts.set(letter[0], (counts.get(letter[0]) ?? 0) + 1)
      return counts
    },
  }
}
