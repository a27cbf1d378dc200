/** A line that changes while something takes long. */
export interface Progress {
  update(text: string): void
  /** Takes the line away. */
  stop(): void
}

const silent: Progress = { update: () => undefined, stop: () => undefined }

/** A spinner on a terminal; nothing at all elsewhere. Ora costs 100 ms to load, so only who waits pays for it. */
export async function startProgress(text: string, isTerminal: boolean): Promise<Progress> {
  if (!isTerminal) return silent
  const { default: ora } = await import('ora')
  const spinner = ora({ text, stream: process.stderr, discardStdin: false }).start()
  return {
    update: (next) => {
      spinner.text = next
    },
    stop: () => {
      spinner.stop()
    },
  }
}
