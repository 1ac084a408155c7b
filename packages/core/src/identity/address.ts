/** Where a node is: `who.tab` of a member (`k` + 26 base32 characters, a dot, 4 more), or a plain node's free-form name. */
export type Address = string & { readonly __address: unique symbol }
