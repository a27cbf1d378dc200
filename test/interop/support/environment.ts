import { existsSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'

/** What `scripts/interop-setup.mjs` found or fetched. */
export interface InteropManifest {
  readonly kafkaVersion: string
  readonly libsDir: string
  readonly classesDir: string
  readonly serverLogConfig: string
  readonly toolsLogConfig: string
  /** What is not there, with the reason. */
  readonly missing: Readonly<Partial<Record<Need, string>>>
}

export type Need = 'kafka' | 'driver' | 'kcat' | 'rdkafka' | 'tmux'

/** The tests run from the repository's root (vitest and the npm scripts see to it). */
export const repositoryDir = process.cwd()

export function readManifest(): InteropManifest | undefined {
  const cacheDir = process.env.KCLI_INTEROP_CACHE ?? path.join(repositoryDir, '.cache', 'interop')
  const file = path.resolve(cacheDir, 'manifest.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as InteropManifest) : undefined
}

/** Why a test with these needs cannot run here; undefined when it can. */
export function missingReason(needs: readonly Need[]): string | undefined {
  const manifest = readManifest()
  if (!manifest) return 'scripts/interop-setup.mjs was not run'
  for (const need of needs) {
    const reason = manifest.missing[need]
    if (reason !== undefined) return `${need}: ${reason}`
  }
  return undefined
}

export function requireManifest(): InteropManifest {
  const manifest = readManifest()
  if (!manifest) throw new Error('run scripts/interop-setup.mjs first')
  return manifest
}

/** Child processes start without what only slows them down or leads them to the user's own data. */
export function childEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (name !== 'NODE_EXTRA_CA_CERTS' && name !== 'NODE_OPTIONS' && !name.startsWith('KCLI_'))
      env[name] = value
  }
  return { ...env, ...extra }
}

/** Ports that were free a moment ago; they stay different from each other. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer()
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve(server))
        }),
    ),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
