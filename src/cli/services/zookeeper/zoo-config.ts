import path from 'node:path'
import type { ClientPortOptions, ZooKeeperServerOptions } from '../../../zookeeper/index.ts'
import { readProperties } from '../../console/properties.ts'
import { UsageError } from '../../exit-codes.ts'

/** What a zoo.cfg says, as far as a standalone server needs it (QuorumPeerConfig). */
export interface ZooConfig {
  readonly dataDir?: string
  /** `HOST:PORT` */
  readonly address?: string
  readonly server?: Pick<
    ZooKeeperServerOptions,
    | 'dataLogDir'
    | 'sessions'
    | 'snapshotEveryTxns'
    | 'snapshotsKept'
    | 'extendedTypesEnabled'
    | 'enforceQuota'
    | 'forceSync'
  >
  readonly port?: Pick<
    ClientPortOptions,
    'maxConnectionsPerHost' | 'fourLetterWords' | 'superDigest' | 'maxFrameBytes'
  >
}

/** DatadirCleanupManager takes no less. */
const MIN_SNAPSHOTS_KEPT = 3

/** Known, and without a meaning for one server, or for this one. */
const IGNORED =
  /^(initLimit|syncLimit|admin\.|preAllocSize|globalOutstandingLimit|metricsProvider\.|standaloneEnabled|reconfigEnabled|clientPortAddress|clientPort|dataDir|dataLogDir)/

/** Throws a UsageError for an ensemble, TLS and what is no number. What is not known is told. */
export function readZooConfig(file: string, warn: (text: string) => void): ZooConfig {
  const entries = readProperties(file, 'zoo.cfg')
  const take = (name: string) => {
    const value = entries.get(name)?.trim()
    return value === '' ? undefined : value
  }
  const number = (name: string) => {
    const text = take(name)
    if (text !== undefined && !/^-?\d{1,15}$/.test(text))
      throw new UsageError(`${name} is '${text}', which is no number`)
    return text === undefined ? undefined : Number(text)
  }
  for (const name of entries.keys()) refuse(name)
  const port = number('clientPort')
  const host = take('clientPortAddress')
  const known = {
    tickMs: number('tickTime'),
    minTimeoutMs: number('minSessionTimeout'),
    maxTimeoutMs: number('maxSessionTimeout'),
    snapCount: number('snapCount'),
    maxConnections: number('maxClientCnxns'),
    maxFrameBytes: number('jute.maxbuffer'),
    words: take('4lw.commands.whitelist'),
    superDigest: take('DigestAuthenticationProvider.superDigest'),
    extended: take('extendedTypesEnabled'),
    enforceQuota: take('enforceQuota'),
    purgeIntervalHours: number('autopurge.purgeInterval') ?? 0,
    snapRetainCount: number('autopurge.snapRetainCount') ?? MIN_SNAPSHOTS_KEPT,
    forceSync: take('forceSync'),
  }
  for (const name of entries.keys())
    if (!KNOWN.has(name) && !IGNORED.test(name)) warn(`${name} is not known here`)
  const dataDir = take('dataDir')
  const dataLogDir = take('dataLogDir')
  const address = port === undefined && host === undefined ? undefined : `${host ?? ''}:${port ?? 2181}`
  return {
    ...(dataDir !== undefined && { dataDir }),
    ...(address !== undefined && { address }),
    server: {
      sessions: {
        ...(known.tickMs !== undefined && { tickMs: known.tickMs }),
        ...(known.minTimeoutMs !== undefined &&
          known.minTimeoutMs >= 0 && { minTimeoutMs: known.minTimeoutMs }),
        ...(known.maxTimeoutMs !== undefined &&
          known.maxTimeoutMs >= 0 && { maxTimeoutMs: known.maxTimeoutMs }),
      },
      ...(known.snapCount !== undefined && { snapshotEveryTxns: known.snapCount }),
      // Without an interval nothing is ever removed. With one we do not wait for it: what a new snapshot replaces goes.
      snapshotsKept:
        known.purgeIntervalHours > 0
          ? Math.max(MIN_SNAPSHOTS_KEPT, known.snapRetainCount)
          : Number.POSITIVE_INFINITY,
      ...(dataLogDir !== undefined && { dataLogDir: path.resolve(dataLogDir) }),
      ...(known.enforceQuota !== undefined && { enforceQuota: known.enforceQuota === 'true' }),
      ...(known.extended !== undefined && { extendedTypesEnabled: known.extended === 'true' }),
      ...(known.forceSync !== undefined && { forceSync: known.forceSync !== 'no' }),
    },
    port: {
      ...(known.maxConnections !== undefined && { maxConnectionsPerHost: known.maxConnections }),
      ...(known.words !== undefined && {
        fourLetterWords: known.words.split(',').map((word) => word.trim()),
      }),
      ...(known.superDigest !== undefined && { superDigest: known.superDigest }),
      ...(known.maxFrameBytes !== undefined && { maxFrameBytes: known.maxFrameBytes }),
    },
  }
}

const KNOWN: ReadonlySet<string> = new Set([
  'tickTime',
  'minSessionTimeout',
  'maxSessionTimeout',
  'snapCount',
  'maxClientCnxns',
  'jute.maxbuffer',
  '4lw.commands.whitelist',
  'DigestAuthenticationProvider.superDigest',
  'extendedTypesEnabled',
  'enforceQuota',
  'forceSync',
  'autopurge.purgeInterval',
  'autopurge.snapRetainCount',
])

function refuse(name: string): void {
  if (/^(server|group|weight)\.\d+$/.test(name) || name === 'peerType')
    throw new UsageError(
      `${name} belongs to an ensemble`,
      'kcli runs one server; an ensemble needs Apache ZooKeeper.',
    )
  if (/^(ssl\.|secureClientPort|authProvider|sasl|kerberos|requireClientAuthScheme)/.test(name))
    throw new UsageError(`${name} is not supported`, 'TLS and SASL are not there yet.')
}
