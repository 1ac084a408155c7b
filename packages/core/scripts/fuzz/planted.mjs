// Mistakes on purpose: whoever trusts the fuzzer has seen it find these.

const covers = /planted\.mjs$/

export function targetsFrom() {
  return [
    { name: 'behind four bytes', covers, seeds: [new Uint8Array(8)], run: fourBytes },
    { name: 'hangs', covers, seeds: [new Uint8Array(2)], run: hangs },
    { name: 'takes too much', covers, seeds: [new Uint8Array(4)], run: takesTooMuch },
    { name: 'well made', covers, seeds: [new Uint8Array(4)], run: (input) => input.reduce((sum, byte) => sum + byte, 0) },
  ]
}

/** One in four billion for who throws dice; each step is a block of its own for who looks. */
function fourBytes(input) {
  if (input[0] === 0x46) {
    if (input[1] === 0x55) {
      if (input[2] === 0x5a) {
        if (input[3] === 0x21) throw new Error('found behind four bytes')
      }
    }
  }
}

function hangs(input) {
  if (input[0] === 3) for (;;);
}

/** Believes a length that somebody else wrote. */
function takesTooMuch(input) {
  if (input.length < 4) return undefined
  return new Uint8Array(((input[0] << 24) >>> 0) + (input[1] << 16) + (input[2] << 8) + input[3])
}
