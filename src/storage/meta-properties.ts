import { join } from 'node:path'
import { type FileSystem, replaceFileSync } from '../base/file-system.ts'
import { DamagedLogDirectoryError, LogDirectoryError } from './errors.ts'

/**
 * `meta.properties` says to which cluster and broker a log directory belongs (MetaProperties, version 0: ZooKeeper).
 *
 *     #                       two lines of comment, as java.util.Properties writes them
 *     #Sat Nov 21 02:53:34 UTC 2026
 *     broker.id=1
 *     cluster.id=mG1zQ7yZR1u0aB3cD4eF5g
 *     version=0
 *
 * Written at the first start of a broker, compared at every later one. Without a version it is version 0. KRaft's form is
 * version=1 with node.id.
 */
export const META_PROPERTIES = 'meta.properties'

export interface MetaProperties {
  readonly brokerId: number | null
  readonly clusterId: string | null
  /** Every entry as it was read, so that what we do not know (directory.id) is kept. */
  readonly entries: ReadonlyMap<string, string>
}

/** What stands there, of whatever version. Null when the directory has no such file yet. */
export function readMetaEntries(fs: FileSystem, logDir: string): Map<string, string> | null {
  const path = join(logDir, META_PROPERTIES)
  if (!fs.existsSync(path)) return null
  const entries = new Map<string, string>()
  for (const line of fs.readFileSync(path).toString('utf8').split(/\r?\n/)) {
    const match = /^\s*([^#!=:\s][^=:\s]*)\s*[=:]\s*(.*?)\s*$/.exec(line)
    // The store escapes colons and the like with a backslash.
    if (match) entries.set(match[1] ?? '', (match[2] ?? '').replace(/\\(.)/g, '$1'))
  }
  return entries
}

/** Null when the directory has no such file yet. Throws a LogDirectoryError when it is not one of a ZooKeeper-mode broker. */
export function readMetaProperties(fs: FileSystem, logDir: string): MetaProperties | null {
  const path = join(logDir, META_PROPERTIES)
  const entries = readMetaEntries(fs, logDir)
  if (entries === null) return null
  const version = entries.get('version') ?? '0'
  if (version === '1') {
    throw new LogDirectoryError(
      'KCLI_LOG_DIR_VERSION',
      `${logDir} was formatted for KRaft (version=1 in ${META_PROPERTIES}), this is a ZooKeeper-mode broker`,
      'Use another data directory, or run it with Kafka in KRaft mode.',
    )
  }
  if (version !== '0') {
    throw new DamagedLogDirectoryError(
      `${path} has the unknown version '${version}'`,
      'Use another data directory, or repair the file.',
    )
  }
  const brokerId = entries.get('broker.id')
  if (brokerId !== undefined && !/^-?\d+$/.test(brokerId)) {
    throw new DamagedLogDirectoryError(
      `${path} has the broker.id '${brokerId}', which is not a number`,
      'Repair the file.',
    )
  }
  return {
    brokerId: brokerId === undefined ? null : Number(brokerId),
    clusterId: entries.get('cluster.id') ?? null,
    entries,
  }
}

/** Throws as Kafka does for a directory of another cluster or broker. */
export function checkMetaProperties(
  meta: MetaProperties,
  logDir: string,
  brokerId: number,
  clusterId: string | null,
): void {
  if (clusterId !== null && meta.clusterId !== null && meta.clusterId !== clusterId) {
    throw new LogDirectoryError(
      'KCLI_INCONSISTENT_CLUSTER_ID',
      `${logDir} belongs to the cluster ${meta.clusterId}, but this cluster is ${clusterId}`,
      'The broker is trying to join the wrong cluster: check zookeeper.connect and log.dirs.',
    )
  }
  if (meta.brokerId !== null && meta.brokerId !== brokerId) {
    throw new LogDirectoryError(
      'KCLI_INCONSISTENT_BROKER_ID',
      `${logDir} belongs to the broker ${meta.brokerId}, but this broker is ${brokerId}`,
      'Check broker.id and log.dirs. If the directory was moved on purpose, change broker.id in meta.properties.',
    )
  }
}

/** Does nothing when the file already says so. */
export function writeMetaProperties(
  fs: FileSystem,
  logDir: string,
  before: MetaProperties | null,
  values: { brokerId: number; clusterId: string; nowMs: number },
): void {
  if (before !== null && before.brokerId === values.brokerId && before.clusterId === values.clusterId) return
  const entries = new Map(before?.entries)
  entries.set('broker.id', String(values.brokerId))
  entries.set('cluster.id', values.clusterId)
  entries.set('version', '0')
  const lines = [...entries].map(([name, value]) => `${name}=${value.replace(/[\\:=#!]/g, '\\$&')}\n`)
  const text = `#\n#${javaDate(values.nowMs)}\n${lines.join('')}`
  replaceFileSync(fs, join(logDir, META_PROPERTIES), Buffer.from(text), true)
}

/** `Sat Nov 21 02:53:34 UTC 2026` */
function javaDate(nowMs: number): string {
  const text = new Date(nowMs).toUTCString()
  const [day, date, month, year, time] = text.replace(',', '').split(' ')
  return `${day} ${month} ${date} ${time} UTC ${year}`
}
