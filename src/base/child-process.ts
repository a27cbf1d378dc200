import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Writable } from 'node:stream'
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
  const exitCode = exitCodeOf(child, command).finally(() => process.off('exit', killNow))
  return { exitCode, kill: (signal) => void child.kill(signal) }
}

function exitCodeOf(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(cannotStart(command, error)))
    child.on('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}

function cannotStart(command: string, cause: Error): KcliError {
  const code = systemErrorCode(cause)
  const reason = code === 'ENOENT' ? 'there is no such program' : (code ?? cause.message)
  return new KcliError('KCLI_CANNOT_START', `'${command}' cannot be started: ${reason}`, {
    cause,
    hint: "Give the program and its arguments as separate words; for a shell's own commands: sh -c '…'.",
  })
}

/** A command line for the system's shell, with a stream into it. Its own output is this process's. */
export function startPipe(
  commandLine: string,
  env: Readonly<Record<string, string | undefined>>,
): {
  readonly stdin: Writable
  readonly exitCode: Promise<number>
} {
  const child = spawn(commandLine, { shell: true, stdio: ['pipe', 'inherit', 'inherit'], env })
  return { stdin: child.stdin, exitCode: exitCodeOf(child, commandLine) }
}

/** What a command line for the system's shell writes to standard output. It may talk to the user on standard error. */
export async function outputOf(
  commandLine: string,
): Promise<{ readonly text: string; readonly exitCode: number }> {
  const child = spawn(commandLine, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on('error', (error) => reject(cannotStart(commandLine, error)))
    child.on('close', (code) => resolve(code ?? 1))
  })
  return { text: Buffer.concat(chunks).toString('utf8'), exitCode }
}
