import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { killWithUs, type RunOptions, type RunResult, run, stopChild } from './child.ts'
import { childEnv, repositoryDir } from './environment.ts'

const command = path.join(repositoryDir, 'bin', 'run.js')

/** A folder of its own for everything that kcli keeps, with the environment that points there. */
export interface KcliHome {
  readonly dir: string
  readonly dataDir: string
  readonly env: Record<string, string>
  remove(): void
}

export function createKcliHome(): KcliHome {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-interop-'))
  const dataDir = path.join(dir, 'data')
  const env = {
    KCLI_DATA_DIR: dataDir,
    KCLI_CONFIG_DIR: path.join(dir, 'config'),
    KCLI_CACHE_DIR: path.join(dir, 'cache'),
    XDG_CONFIG_HOME: path.join(dir, 'config'),
    XDG_CACHE_HOME: path.join(dir, 'cache'),
    XDG_DATA_HOME: path.join(dir, 'share'),
    NO_COLOR: '1',
  }
  return { dir, dataDir, env, remove: () => rmSync(dir, { recursive: true, force: true }) }
}

/** The kcli command as a process of its own. */
export function kcli(home: KcliHome, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [command, ...args], { ...options, env: { ...home.env, ...options.env } })
}

export interface KcliCluster extends Omit<KcliServer, 'firstLine'> {
  readonly bootstrap: string
  readonly ports: readonly number[]
  readonly dataDir: string
}

/** A kcli command that serves until it is stopped, as a child process. */
export interface KcliServer {
  /** What it said when it was ready. */
  readonly firstLine: string
  readonly pid: number
  /** Ends it with the signal and gives the exit code; null when it was killed. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** What it wrote to stderr so far. */
  errors(): string
}

/** Resolves when it has printed a line; rejects with what it said when it ends instead. */
export async function startKcliServer(
  home: KcliHome,
  args: readonly string[],
  timeoutMs = 20_000,
): Promise<KcliServer> {
  const child = spawn(process.execPath, [command, ...args], {
    env: childEnv(home.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  killWithUs(child)
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const firstLine = await new Promise<string>((resolve, reject) => {
    let output = ''
    const fail = (what: string) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      reject(new Error(`kcli ${args.slice(0, 2).join(' ')} ${what}: ${output}${errors}`))
    }
    const timer = setTimeout(() => fail(`was not ready after ${timeoutMs} ms`), timeoutMs)
    child.once('error', reject)
    child.once('close', (code) => fail(`ended with ${code}`))
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (!output.includes('\n')) return
      clearTimeout(timer)
      child.removeAllListeners('close')
      resolve(output.slice(0, output.indexOf('\n')))
    })
  })
  return {
    firstLine,
    pid: child.pid ?? -1,
    stop: async (signal = 'SIGTERM') => {
      await stopChild(child, signal)
      return child.exitCode
    },
    errors: () => errors,
  }
}

/** `kcli cluster start` on free ports; resolves when it has printed its addresses. `brokers`: null for those that are there. */
export async function startKcliCluster(
  home: KcliHome,
  options: { brokers?: number | null; listen?: string; args?: readonly string[]; timeoutMs?: number } = {},
): Promise<KcliCluster> {
  const flags = [
    ...(options.brokers === null ? [] : ['--brokers', String(options.brokers ?? 3)]),
    '--listen',
    options.listen ?? '127.0.0.1:0',
    '--data-dir',
    home.dataDir,
  ]
  const args = ['cluster', 'start', ...flags, ...(options.args ?? [])]
  const server = await startKcliServer(home, args, options.timeoutMs)
  const bootstrap = /127\.0\.0\.1:\d+(?:,127\.0\.0\.1:\d+)*/.exec(server.firstLine)?.[0]
  if (bootstrap === undefined) {
    await server.stop('SIGKILL')
    throw new Error(`kcli cluster start printed no addresses: ${server.firstLine}`)
  }
  return {
    bootstrap,
    ports: bootstrap.split(',').map((address) => Number(address.slice(address.indexOf(':') + 1))),
    pid: server.pid,
    dataDir: home.dataDir,
    stop: server.stop,
    errors: server.errors,
  }
}
