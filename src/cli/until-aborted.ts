import { EXIT } from './exit-codes.ts'

/** Resolves when the user, or a supervisor, wants the command to end. */
export function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    // A listener alone does not keep the process alive, and the brokers need not have a socket open.
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}

/** Being told to end is how a server ends; only Ctrl-C keeps its usual code, for which this gives undefined. */
export function serverExitCode({ reason }: AbortSignal): number | undefined {
  const isTold = reason instanceof Error && 'exitCode' in reason && reason.exitCode !== EXIT.interrupted
  return isTold ? EXIT.done : undefined
}
