import { type ImportReport, importDirectory } from '../../../cluster/import/index.ts'
import { DataDirectory, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { Meter } from '../../output/meter.ts'
import { plural, sizeText } from '../../output/text.ts'
import { localDirectory } from './start.ts'

export interface ImportClusterOptions {
  readonly logDirs: readonly string[]
  readonly zookeeper: string
  readonly zookeeperLogs: string | undefined
  readonly inPlace: boolean
}

/** Makes the data directory out of the directories of Apache Kafka's brokers and their ZooKeeper. */
export async function importCluster(
  context: CommandContext,
  { logDirs, zookeeper, zookeeperLogs, inPlace }: ImportClusterOptions,
): Promise<undefined> {
  const ports = systemPorts({ logger: warnings(context) })
  const directory = new DataDirectory(ports.fs, localDirectory(context))
  let copied: { readonly done: number; readonly total: number } | undefined
  const meter = new Meter({ clock: context.clock, unit: 'bytes' })
  const progress = context.progress(() =>
    copied === undefined ? 'Reading' : meter.line('Copying', copied.done, copied.total),
  )
  try {
    const report = await importDirectory({
      ports,
      directory,
      logDirs,
      zookeeperDir: zookeeper,
      zookeeperLogDir: zookeeperLogs,
      inPlace,
      onProgress: (done, total) => {
        copied = { done, total }
      },
      signal: context.signal,
    })
    progress.stop()
    for (const warning of shortcomings(report)) context.out.warn(warning)
    await context.out.object(
      { dataDir: directory.path, ...report },
      () => text(directory.path, report),
      () => [directory.path],
    )
    return undefined
  } finally {
    progress.stop()
  }
}

function text(
  dataDir: string,
  { brokers, topics, partitions, copiedBytes, clusterId }: ImportReport,
): string {
  const ids = brokers.map(({ id }) => id).join(', ')
  const who = brokers.length === 1 ? `broker ${ids}` : `brokers ${ids}`
  const what = `${plural(topics, 'topic')} with ${plural(partitions, 'partition')}`
  return [
    `Imported ${who} of the cluster ${clusterId} into ${dataDir}: ${what}, ${sizeText(copiedBytes)} copied.`,
    `Start it with: kcli cluster start --data-dir ${dataDir}\n`,
  ].join('\n')
}

function shortcomings({ missingBrokers, lostPartitions, hasAcls }: ImportReport): string[] {
  const found: string[] = []
  if (missingBrokers.length > 0) {
    const where = `broker${missingBrokers.length === 1 ? '' : 's'} ${missingBrokers.join(', ')}`
    found.push(`the replicas on ${where} were not imported: their partitions are under-replicated`)
  }
  if (lostPartitions > 0) {
    found.push(
      `${plural(lostPartitions, 'partition')} had no replica on an imported broker and cannot be read`,
    )
  }
  if (hasAcls) found.push('the ACLs are kept and not enforced: whoever reaches the brokers may do everything')
  return found
}

function warnings(context: CommandContext) {
  const ignore = () => undefined
  return {
    debug: ignore,
    info: ignore,
    warn: (message: string) => context.out.warn(message),
    error: (message: string) => context.out.warn(message),
  }
}
