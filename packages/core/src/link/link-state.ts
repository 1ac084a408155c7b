import type { GreetingLife } from './greeting-life.ts'
import type { JoinedLife } from './joined-life.ts'
import type { PlainLife } from './plain-life.ts'

/** The lives of a link, each with only what that life has. */
export type LinkState =
  | { readonly phase: 'opening' }
  | { readonly phase: 'greeting'; readonly life: GreetingLife }
  | { readonly phase: 'joined'; readonly life: JoinedLife }
  | { readonly phase: 'plain'; readonly life: PlainLife }
  | { readonly phase: 'closed'; readonly why: string }
