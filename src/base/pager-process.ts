import { spawn } from 'node:child_process'

/**
 * Lets a command line of the system's shell show a text on this terminal. Resolves when it has ended: whoever reads may leave
 * early, and a pager that cannot be started tells so itself.
 */
export async function pageText(
  commandLine: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  // Ctrl-C belongs to the pager while it is there.
  const ignore = () => undefined
  process.on('SIGINT', ignore)
  try {
    await new Promise<void>((resolve) => {
      const child = spawn(commandLine, {
        shell: true,
        stdio: ['pipe', 'inherit', 'inherit'],
        env: { ...env },
      })
      child.on('error', () => resolve())
      child.on('close', () => resolve())
      child.stdin.on('error', () => undefined)
      child.stdin.end(text)
    })
  } finally {
    process.off('SIGINT', ignore)
  }
}
