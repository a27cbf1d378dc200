import { homedir } from 'node:os'
import path from 'node:path'
import { systemClock } from '../base/clock.ts'
import type { Address } from '../base/network.ts'
import { createNodeNetwork } from '../base/node-network.ts'
import { systemRandom } from '../base/random.ts'
import { Admin, bootstrapAddresses, type ClientOptions, type ClientSettings } from '../client/index.ts'
import type { OfflineTarget } from '../offline/index.ts'
import type { RecoveryProgress } from '../storage/index.ts'
import type { GlobalFlags } from './base-command.ts'
import { parseKeyValues, readProperties } from './console/properties.ts'
import { UsageError } from './exit-codes.ts'
import { ObserverSlot } from './explain/slot.ts'

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
  /** Where `--explain` looks on; all clients of the target tell it. */
  readonly observer: ObserverSlot
  /** With --offline: what the files know beside what a broker would tell. */
  readonly offline?: OfflineTarget
  close(): Promise<void>
}

/** Where the user pointed to: flag, else environment, else profile, else the local data directory. */
export type TargetChoice =
  | { readonly kind: 'remote'; readonly addresses: string; readonly from: string }
  | { readonly kind: 'local'; readonly dataDir: string; readonly from: string }
  | { readonly kind: 'offline'; readonly dataDir: string; readonly from: string }

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
  return (
    flagChoice(flags) ??
    // Who names a profile in the command wants its cluster, whatever the environment says.
    (flags.activeProfile?.from === '--profile' ? profileChoice(flags) : undefined) ??
    environmentChoice(env) ??
    profileChoice(flags) ?? { kind: 'local', dataDir: defaultDataDir(env, platform), from: 'default' }
  )
}

function flagChoice(flags: GlobalFlags): TargetChoice | undefined {
  const { 'bootstrap-server': addresses, 'data-dir': dataDir } = flags
  if (addresses !== undefined) return { kind: 'remote', addresses, from: '--bootstrap-server' }
  if (dataDir !== undefined) return { kind: 'local', dataDir: path.resolve(dataDir), from: '--data-dir' }
  const { 'command-property': words, 'command-config': file } = flags
  const inWords = brokersIn(parseKeyValues(words, '-X'))
  if (inWords) return { kind: 'remote', addresses: inWords, from: 'bootstrap.servers of -X' }
  const inFile = file === undefined ? undefined : brokersIn(readProperties(file, '--command-config'))
  return inFile
    ? { kind: 'remote', addresses: inFile, from: 'bootstrap.servers of --command-config' }
    : undefined
}

/** By Kafka's name, or by librdkafka's. */
function brokersIn(properties: ReadonlyMap<string, string>): string | undefined {
  return properties.get('bootstrap.servers') ?? properties.get('metadata.broker.list')
}

function environmentChoice(env: Env): TargetChoice | undefined {
  const remote = (name: string): TargetChoice | undefined => {
    const addresses = env[name]
    return addresses ? { kind: 'remote', addresses, from: name } : undefined
  }
  const local: TargetChoice | undefined = env.KCLI_DATA_DIR
    ? { kind: 'local', dataDir: path.resolve(env.KCLI_DATA_DIR), from: 'KCLI_DATA_DIR' }
    : undefined
  return remote('KCLI_BOOTSTRAP_SERVER') ?? local ?? remote('KAFKA_BOOTSTRAP_SERVERS')
}

function profileChoice({ activeProfile }: GlobalFlags): TargetChoice | undefined {
  if (activeProfile === undefined) return undefined
  const { name, bootstrapServer, dataDir } = activeProfile
  const from = `profile ${name}`
  if (bootstrapServer !== undefined) return { kind: 'remote', addresses: bootstrapServer, from }
  return dataDir === undefined ? undefined : { kind: 'local', dataDir, from }
}

function offlineChoice(flags: GlobalFlags, env: Env, platform: string): TargetChoice {
  if (flags['bootstrap-server'] !== undefined) {
    throw new UsageError(
      '--offline reads files, --bootstrap-server names brokers: one of them is too much',
      'Name the directories with --data-dir.',
    )
  }
  return { kind: 'offline', ...chooseDataDir(flags, env, platform) }
}

/** The data directory, whether or not brokers are named elsewhere. With `--offline` it may be a list. */
export function chooseDataDir(
  flags: GlobalFlags,
  env: Env,
  platform: string = process.platform,
): { readonly dataDir: string; readonly from: string } {
  const { 'data-dir': given, activeProfile } = flags
  if (given !== undefined) return { dataDir: given, from: '--data-dir' }
  const ofProfile =
    activeProfile?.dataDir === undefined
      ? undefined
      : { dataDir: activeProfile.dataDir, from: `profile ${activeProfile.name}` }
  if (ofProfile !== undefined && activeProfile?.from === '--profile') return ofProfile
  if (env.KCLI_DATA_DIR) return { dataDir: env.KCLI_DATA_DIR, from: 'KCLI_DATA_DIR' }
  return ofProfile ?? { dataDir: defaultDataDir(env, platform), from: 'default' }
}

/** The ZooKeeper that somebody named, beside the brokers: KCLI_ZOOKEEPER, else the profile's. */
export function chooseZooKeeper(
  { activeProfile }: GlobalFlags,
  env: Env,
): { readonly connect: string; readonly from: string } | undefined {
  const ofProfile =
    activeProfile?.zookeeper === undefined
      ? undefined
      : { connect: activeProfile.zookeeper, from: `profile ${activeProfile.name}` }
  if (ofProfile !== undefined && activeProfile?.from === '--profile') return ofProfile
  return env.KCLI_ZOOKEEPER ? { connect: env.KCLI_ZOOKEEPER, from: 'KCLI_ZOOKEEPER' } : ofProfile
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
  const settings = { ...clientTimes(options), ...(await givenSettings(flags, options)) }
  if (choice.kind === 'remote') return openRemote(choice, settings)
  if (choice.kind === 'local') return await openLocal(choice.dataDir, options, settings)
  const { openOfflineTarget } = await import('./offline-target.ts')
  return openOfflineTarget(choice.dataDir, settings, options.warn ?? (() => undefined))
}

function openRemote(choice: TargetChoice & { kind: 'remote' }, settings: ClientSettings): Target {
  const bootstrap = parseAddresses(choice.addresses, choice.from)
  const observer = new ObserverSlot()
  const clientOptions: ClientOptions = {
    bootstrap,
    network: createNodeNetwork(systemClock),
    clock: systemClock,
    random: systemRandom,
    ...settings,
    observer,
  }
  const admin = new Admin(clientOptions)
  const describe = choice.addresses
  return { describe, isLocal: false, clientOptions, admin, observer, close: () => admin.close() }
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

/** What -X, --command-config and the profile say of clients. --timeout wins over the times among it. */
async function givenSettings(flags: GlobalFlags, options: OpenOptions): Promise<ClientSettings> {
  const sources = [flags['command-property'], flags['command-config'], flags.activeProfile]
  if (sources.every((source) => source === undefined)) return {}
  const { clientSettings } = await import('./profiles/client-properties.ts')
  const settings = await clientSettings(flags, process.env, options.warn ?? (() => undefined))
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
  const observer = new ObserverSlot()
  const clientOptions: ClientOptions = { ...local.clientOptions, ...settings, observer }
  const admin = new Admin(clientOptions)
  return {
    describe: dataDir,
    dataDir,
    isLocal: true,
    clientOptions,
    admin,
    observer,
    async close() {
      await admin.close()
      await local.close()
    },
  }
}
