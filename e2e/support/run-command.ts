import { execFile } from 'node:child_process'

/** Runs a command and returns what it printed. Rejects with all of its output when it fails. */
export function runCommand(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { cwd, encoding: 'utf8', maxBuffer: 8_000_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(new Error(`${command} ${args.join(' ')} failed (${error.signal ?? error.code ?? 'no code'}):\n${stdout}${stderr}`))
    })
  })
}
