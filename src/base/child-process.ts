import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { KcliError, systemErrorCode } from './errors.ts'

export interface RunningProcess {
  /** As a shell would give it: the process's own exit code, or 128 + N when signal N ended it. Rejects when it cannot start. */
  readonly exitCode: Promise<number>
  kill(signal: NodeJS.Signals): void
}

/** Starts a program with this process's own input and output. It does not outlive this process. */
export function startProcess(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): RunningProcess {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...env } })
  const killNow = () => void child.kill('SIGKILL')
  process.on('exit', killNow)
  const exitCode = new Promise<number>((resolve, reject) => {
    child.on('error', (error) => reject(cannotStart(command, error)))
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  }).finally(() => process.off('exit', killNow))
  return { exitCode, kill: (signal) => void child.kill(signal) }
}

function cannotStart(command: string, cause: Error): KcliError {
  const code = systemErrorCode(cause)
  const reason = code === 'ENOENT' ? 'there is no such program' : (code ?? cause.message)
  return new KcliError('KCLI_CANNOT_START', `'${command}' cannot be started: ${reason}`, {
    cause,
    hint: "Give the program and its arguments as separate words; for a shell's own commands: sh -c '…'.",
  })
}
