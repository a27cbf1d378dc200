import { homedir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../base/clock.ts'
import type { Address } from '../base/network.ts'
import { createNodeNetwork } from '../base/node-network.ts'
import { systemRandom } from '../base/random.ts'
import {
  Admin,
  bootstrapAddresses,
  type ClientOptions,
  type ClientSettings,
  sharedSettings,
} from '../client/index.ts'
import type { OfflineTarget } from '../offline/index.ts'
import type { RecoveryProgress } from '../storage/index.ts'
import type { GlobalFlags } from './base-command.ts'
import { readProperties } from './console/properties.ts'
import { UsageError } from './exit-codes.ts'

/** What a command works on: a remote cluster, or the one in the local data directory. */
export interface Target {
  /** For messages: `127.0.0.1:9092`, or the folder. */
  readonly describe: string
  readonly isLocal: boolean
  /** Of a local cluster. */
  readonly dataDir?: string
  /** For producers and consumers; each of them has connections of its own. */
  readonly clientOptions: ClientOptions
  readonly admin: Admin
  /** With --offline: what the files know beside what a broker would tell. */
  readonly offline?: OfflineTarget
  close(): Promise<void>
}

/** Where the user pointed to: flag, else environment, else the local data directory. */
export type TargetChoice =
  | { readonly kind: 'remote'; readonly addresses: string; readonly from: string }
  | { readonly kind: 'local'; readonly dataDir: string }
  | { readonly kind: 'offline'; readonly dataDir: string }

export interface OpenOptions {
  readonly timeoutMs: number
  /** How long to wait for a local cluster that is just starting; by default as long as a recovery may take. */
  readonly patienceMs?: number | undefined
  readonly version: string
  readonly signal: AbortSignal
  /** Where to tell of what is not as it should be. */
  readonly warn?: (text: string) => void
  /** While this process starts the local cluster after it was killed. */
  readonly onRecovery?: (progress: RecoveryProgress) => void
}

type Env = Readonly<Record<string, string | undefined>>

export function chooseTarget(
  flags: GlobalFlags,
  env: Env,
  platform: string = process.platform,
): TargetChoice {
  if (flags.offline === true) return offlineChoice(flags, env, platform)
  if (flags['bootstrap-server'] !== undefined) {
    return { kind: 'remote', addresses: flags['bootstrap-server'], from: '--bootstrap-server' }
  }
  if (flags['data-dir'] !== undefined) return { kind: 'local', dataDir: path.resolve(flags['data-dir']) }
  if (flags['command-config'] !== undefined) {
    const addresses = readProperties(flags['command-config'], '--command-config').get('bootstrap.servers')
    if (addresses) return { kind: 'remote', addresses, from: 'bootstrap.servers of --command-config' }
  }
  if (env.KCLI_BOOTSTRAP_SERVER) {
    return { kind: 'remote', addresses: env.KCLI_BOOTSTRAP_SERVER, from: 'KCLI_BOOTSTRAP_SERVER' }
  }
  return { kind: 'local', dataDir: path.resolve(env.KCLI_DATA_DIR || defaultDataDir(env, platform)) }
}

function offlineChoice(flags: GlobalFlags, env: Env, platform: string): TargetChoice {
  if (flags['bootstrap-server'] !== undefined) {
    throw new UsageError(
      '--offline reads files, --bootstrap-server names brokers: one of them is too much',
      'Name the directories with --data-dir.',
    )
  }
  const dataDir = flags['data-dir'] ?? (env.KCLI_DATA_DIR || defaultDataDir(env, platform))
  return { kind: 'offline', dataDir }
}

export function defaultDataDir(env: Env, platform: string): string {
  const home = env.HOME || homedir()
  if (env.XDG_DATA_HOME) return path.join(env.XDG_DATA_HOME, 'kcli')
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'kcli')
  if (platform === 'win32') return path.join(env.LOCALAPPDATA || path.join(home, 'AppData', 'Local'), 'kcli')
  return path.join(home, '.local', 'share', 'kcli')
}

/** For messages. */
export function targetName(flags: GlobalFlags): string {
  const choice = chooseTarget(flags, process.env)
  if (choice.kind === 'remote') return choice.addresses
  return choice.kind === 'local' ? `the local cluster in ${choice.dataDir}` : `the files in ${choice.dataDir}`
}

/** `host`, `host:port`, `[::1]:port`, several of them with commas between. */
export function parseAddresses(text: string, from: string): Address[] {
  return bootstrapAddresses(text.split(','), from)
}

export async function openTarget(flags: GlobalFlags, options: OpenOptions): Promise<Target> {
  const choice = chooseTarget(flags, process.env)
  const settings = { ...clientTimes(options), ...fileSettings(flags, options) }
  if (choice.kind === 'remote') return openRemote(choice, settings)
  if (choice.kind === 'local') return await openLocal(choice.dataDir, options, settings)
  const { openOfflineTarget } = await import('./offline-target.ts')
  return openOfflineTarget(choice.dataDir, settings, options.warn ?? (() => undefined))
}

function openRemote(choice: TargetChoice & { kind: 'remote' }, settings: ClientSettings): Target {
  const bootstrap = parseAddresses(choice.addresses, choice.from)
  const clientOptions: ClientOptions = {
    bootstrap,
    network: createNodeNetwork(systemClock),
    clock: systemClock,
    random: systemRandom,
    ...settings,
  }
  const admin = new Admin(clientOptions)
  return { describe: choice.addresses, isLocal: false, clientOptions, admin, close: () => admin.close() }
}

type TargetSettings = ClientSettings & ReturnType<typeof clientTimes>

export function clientTimes(options: OpenOptions) {
  return {
    clientId: 'kcli',
    requestTimeoutMs: options.timeoutMs,
    apiTimeoutMs: options.timeoutMs,
    connectTimeoutMs: Math.min(options.timeoutMs, 10_000),
  }
}

/** The client settings of --command-config. --timeout wins over the times in the file. */
function fileSettings(flags: GlobalFlags, options: OpenOptions): ClientSettings {
  const file = flags['command-config']
  if (file === undefined) return {}
  const properties = Object.fromEntries(readProperties(file, '--command-config'))
  const { bootstrap: _, ...settings } = sharedSettings(properties, {
    onUnknown: (message) => options.warn?.(`${file}: ${message}`),
  })
  const { clientId, ...times } = clientTimes(options)
  return { clientId, ...settings, ...(flags.timeout !== undefined && times) }
}

/** What a command tells its own client, on top of what holds for all clients of the target. */
export function optionsWith(target: Target, settings: ClientSettings = {}): ClientOptions {
  const { bootstrap, ...others } = settings
  if (bootstrap !== undefined && target.isLocal) {
    throw new UsageError(
      'bootstrap.servers among the properties does not say where to connect',
      'Name the cluster with --bootstrap-server.',
    )
  }
  return { ...target.clientOptions, ...others }
}

/** The local cluster is loaded only when it is used: a remote target needs neither broker nor storage. */
async function openLocal(dataDir: string, options: OpenOptions, settings: TargetSettings): Promise<Target> {
  const { openLocalTarget, systemPorts } = await import('../cluster/index.ts')
  const { clientId, requestTimeoutMs } = settings
  const { patienceMs, onRecovery, warn } = options
  const local = openLocalTarget(systemPorts(), dataDir, {
    clientId,
    requestTimeoutMs,
    ...(patienceMs !== undefined && { patienceMs }),
    ...(onRecovery && { onRecovery }),
    ...(warn && { onLogDirOffline: warn }),
  })
  const clientOptions: ClientOptions = { ...local.clientOptions, ...settings }
  const admin = new Admin(clientOptions)
  return {
    describe: dataDir,
    dataDir,
    isLocal: true,
    clientOptions,
    admin,
    async close() {
      await admin.close()
      await local.close()
    },
  }
}
