/** Resolves when the user, or a supervisor, wants the command to end. */
export function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    // A listener alone does not keep the process alive, and the brokers need not have a socket open.
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
