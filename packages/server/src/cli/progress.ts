export interface Progress {
  moved(bytes: number): void
  stop(): void
}

/** In a log, a line for each tenth is enough. */
const stepsOfLines = 10

/** On standard error: a bar where somebody looks, else a few lines. */
export async function showProgress(name: string, size: number): Promise<Progress> {
  const shown = name.replaceAll(/\p{Cc}/gu, '?')
  if (!process.stderr.isTTY) return lines(shown, size)
  const { SingleBar, Presets } = await import('cli-progress')
  const format = `{bar} {percentage} %  {mb} of ${megabytes(size)}  {eta_formatted}  ${shown}`
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic)
  bar.start(Math.max(1, size), 0, { mb: megabytes(0) })
  return {
    moved: (bytes) => bar.update(size === 0 ? 1 : bytes, { mb: megabytes(bytes) }),
    stop: () => bar.stop(),
  }
}

function lines(name: string, size: number): Progress {
  let told = 0
  return {
    moved(bytes) {
      const step = size === 0 ? stepsOfLines : Math.floor((bytes / size) * stepsOfLines)
      if (step <= told) return
      told = step
      process.stderr.write(`${name}: ${step * stepsOfLines} %\n`)
    },
    stop() {},
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
