import { type ImportReport, importDirectory } from '../../../cluster/import/index.ts'
import { DataDirectory, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
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
  let progressText = 'Reading'
  const progress = context.progress(() => progressText)
  try {
    const report = await importDirectory({
      ports,
      directory,
      logDirs,
      zookeeperDir: zookeeper,
      zookeeperLogDir: zookeeperLogs,
      inPlace,
      onProgress: (done, total) => {
        progressText = `Copying ${megabytes(done)} of ${megabytes(total)} MB`
      },
      signal: context.signal,
    })
    progress.stop()
    for (const warning of shortcomings(report)) context.out.warn(warning)
    await context.out.object({ dataDir: directory.path, ...report }, () => text(directory.path, report))
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
  const what = `${counted(topics, 'topic')} with ${counted(partitions, 'partition')}`
  return [
    `Imported ${who} of the cluster ${clusterId} into ${dataDir}: ${what}, ${megabytes(copiedBytes)} MB copied.`,
    `Start it with: kcli cluster start --data-dir ${dataDir}\n`,
  ].join('\n')
}

function shortcomings({ missingBrokers, lostPartitions }: ImportReport): string[] {
  const found: string[] = []
  if (missingBrokers.length > 0) {
    const who = missingBrokers.length === 1 ? 'broker' : 'brokers'
    found.push(
      `${who} ${missingBrokers.join(', ')} had replicas too and ${missingBrokers.length === 1 ? 'was' : 'were'} not imported: such partitions are under-replicated`,
    )
  }
  if (lostPartitions > 0) {
    found.push(
      `${counted(lostPartitions, 'partition')} had no replica on an imported broker and cannot be read`,
    )
  }
  return found
}

const counted = (count: number, noun: string) => `${count} ${count === 1 ? noun : `${noun}s`}`

const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(1)

function warnings(context: CommandContext) {
  const ignore = () => undefined
  return {
    debug: ignore,
    info: ignore,
    warn: (message: string) => context.out.warn(message),
    error: (message: string) => context.out.warn(message),
  }
}
