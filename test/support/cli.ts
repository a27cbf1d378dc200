import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const runner = path.join(root, 'bin/run.js')

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly stdoutBytes: Buffer
}

export interface CliOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The script to run, when it is not the one of this tree. */
  readonly runner?: string
}

/** The environment of a test: nothing of the user's, so that no profile, colour or data directory leaks in. */
export function cleanEnv(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, SystemRoot } = process.env
  const kept = Object.entries({ PATH, HOME, TMPDIR, SystemRoot }).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(kept), ...extra }
}

/** Starts the built command; the caller ends it. */
export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  if (!existsSync(path.join(root, 'dist/cli.cjs'))) throw new Error('not built: run `npm run build` first')
  return spawn(process.execPath, [options.runner ?? runner, ...args], {
    cwd: options.cwd ?? os.tmpdir(),
    env: cleanEnv(options.env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
}

/** Runs the built command to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startCli(args, options)
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(options.input ?? '')
  return finished(child)
}

export function finished(child: ChildProcess): Promise<CliResult> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const stdoutBytes = Buffer.concat(out)
      const stderr = Buffer.concat(err).toString()
      resolve({ code, signal, stdout: stdoutBytes.toString(), stderr, stdoutBytes })
    })
  })
}

/** The package without its dependencies, in a folder of its own; gives the script to run. */
export function copyPackage(to: string): string {
  mkdirSync(path.join(to, 'dist'), { recursive: true })
  cpSync(path.join(root, 'bin'), path.join(to, 'bin'), { recursive: true })
  for (const file of ['dist/cli.cjs', 'package.json', 'oclif.manifest.json'])
    copyFileSync(path.join(root, file), path.join(to, file))
  return path.join(to, 'bin/run.js')
}

/** A data directory of its own for a test; removed by `remove`. */
export function temporaryDirectory(name = 'kcli'): { readonly path: string; remove(): void } {
  const directory = mkdtempSync(path.join(os.tmpdir(), `${name}-`))
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
