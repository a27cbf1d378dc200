import { spawn } from 'node:child_process'

/** Starts a program that nobody waits for: it has no input, no output, and outlives this process. Failing to start is no error. */
export function startDetached(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): void {
  const child = spawn(command, args, { stdio: 'ignore', detached: true, env: { ...env }, windowsHide: true })
  child.on('error', () => undefined)
  child.unref()
}
