// Inputs out of what is written in targets, and what is meant by one.

export const utf8 = new TextEncoder()

export const bytesOf = (...parts) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...utf8.encode(part)] : [...part])))
export const latin = (input) => String.fromCharCode(...input)
/** What a format knows, for the fuzzer to put in. */
export const wordsOf = (...words) => words.map((word) => bytesOf(word))

/** Many messages as one input, each behind its length in two bytes. */
export function joined(messages) {
  return bytesOf(...messages.flatMap((message) => [[message.length >> 8, message.length & 255], message]))
}

/** And back: what is cut off, is. */
export function parted(input, messagesMax = 64) {
  const messages = []
  for (let at = 0; at + 2 <= input.length && messages.length < messagesMax;) {
    const length = input[at] * 256 + input[at + 1]
    messages.push(input.slice(at + 2, at + 2 + length))
    at += 2 + length
  }
  return messages
}
