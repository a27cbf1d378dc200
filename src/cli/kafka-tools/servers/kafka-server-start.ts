import { createHash } from 'node:crypto'
import path from 'node:path'
import { KcliError } from '../../../base/errors.ts'
import { JavaException } from '../../../base/java-exception.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { DataDirectory, type HostedCluster, systemPorts } from '../../../cluster/index.ts'
import { readMetaProperties } from '../../../storage/index.ts'
import { startOptionsFrom } from '../../cluster-flags.ts'
import { parseKeyValues } from '../../console/properties.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { JavaExit, KAFKA_VERSION, usageExit } from '../../jopt/java-main.ts'
import { OptionParser } from '../../jopt/option-parser.ts'
import { serverLogger } from '../../server-logger.ts'
import { takeOver } from '../../services/cluster/start.ts'
import { untilAborted } from '../../until-aborted.ts'
import { loadProperties } from '../client-properties.ts'
import { runProgram } from '../java-program.ts'
import { RunningServers, serversDirectory } from './running-servers.ts'
import { endOf, type Script, scriptUsage, startInBackground } from './script.ts'

const OPTIONS = [
  {
    names: ['override'],
    description: 'Optional property that should override values set in server.properties file',
    argument: { isRequired: true },
  },
  { names: ['version'], description: 'Print version information and exit.' },
]
const USAGE = 'USAGE: java [options] kafka.Kafka server.properties [--override property=value]*'
/** log.dir */
const DEFAULT_LOG_DIR = '/tmp/kafka-logs'

/**
 * Kafka's kafka-server-start (bin/kafka-server-start.sh and kafka.Kafka): a broker on its own log directories, with its
 * znodes in the ZooKeeper of `zookeeper.connect`. Ends with 130 or 143 after a signal, as a JVM does.
 */
export async function kafkaServerStart(
  context: CommandContext,
  words: readonly string[],
  script: Script,
): Promise<number | undefined> {
  let properties: Map<string, string> | undefined
  const code = await runProgram(context, async () => {
    if (words.length === 0)
      throw scriptUsage(script, '[-daemon] server.properties [--override property=value]*')
    const isDaemon = words[0] === '-daemon'
    const own = isDaemon ? words.slice(1) : words
    properties = propertiesFrom(own)
    if (!isDaemon) return
    await startInBackground(context, script, own, 'kafkaServer')
    properties = undefined
  })
  if (properties === undefined) return code
  return endOf(context, serve(context, properties))
}

/** kafka.Kafka.getPropsFromArgs */
function propertiesFrom(words: readonly string[]): Map<string, string> {
  const parser = new OptionParser(OPTIONS)
  const [file, ...rest] = words
  if (file === undefined || words.includes('--help')) throw usageExit(parser, USAGE)
  if (words.includes('--version')) throw new JavaExit(0, { out: `${KAFKA_VERSION}\n` })
  try {
    const properties = new Map(Object.entries(loadProperties(file, file)))
    const options = parser.parse(rest)
    if (options.nonOptions.length > 0)
      throw usageExit(parser, `Found non argument parameters: ${options.nonOptions.join(',')}`)
    return new Map([...properties, ...parseKeyValues(options.values('override'), '--override')])
  } catch (error) {
    if (!(error instanceof JavaException)) throw error
    const what = error.className.endsWith('NoSuchFileException') ? `there is no file ${file}` : error.text
    throw new KcliError('KCLI_SERVER_PROPERTIES', what ?? error.className, {
      hint: 'Write: kafka-server-start server.properties [--override KEY=VALUE]',
    })
  }
}

async function serve(context: CommandContext, properties: Map<string, string>): Promise<void> {
  const logDirs = logDirsOf(properties)
  const id = brokerIdOf(properties, logDirs)
  const options = startOptionsFrom(properties, { brokers: 1 })
  const { zookeeper } = options
  if (zookeeper === undefined) {
    throw new UsageError(
      'zookeeper.connect is missing',
      'Name the ZooKeeper in it, or run a broker with a coordination service of its own: kcli broker start',
    )
  }
  const ports = systemPorts({ logger: serverLogger(context, false) })
  const servers = serversDirectory()
  const running = new RunningServers(ports, servers).add('kafka')
  try {
    const directory = new DataDirectory(ports.fs, path.join(servers, nameOf(logDirs)))
    ports.fs.mkdirSync(directory.path)
    // It only says where the logs are: the broker's own files decide whether they are this broker's.
    directory.writeLayout([{ id, logDirs }])
    const hosted = await takeOver(context, ports, directory, { ...options, brokers: undefined }).catch(
      (error: unknown) => {
        throw inUse(error, logDirs, directory.readServerInfo()?.pid)
      },
    )
    if (hosted === undefined) return
    const where = `broker ${id}, ZooKeeper at ${zookeeper}, logs in ${logDirs.join(',')}`
    await untilEnd(context, hosted, `${where}, pid ${process.pid}`)
  } finally {
    running.release()
  }
}

/** Says of the log directories what is true of the folder of ours that stands for them. */
function inUse(error: unknown, logDirs: readonly string[], pid: number | undefined): unknown {
  if (!(error instanceof KcliError) || error.code !== 'KCLI_DATA_DIR_IN_USE') return error
  return new KcliError(error.code, `process ${pid ?? '?'} has a broker on ${logDirs.join(',')} already`, {
    hint: 'Stop it with: kafka-server-stop',
    cause: error,
  })
}

/** Serves until a signal comes; throws why the broker could not go on. */
async function untilEnd(context: CommandContext, hosted: HostedCluster, what: string): Promise<void> {
  let failure: Error | undefined
  try {
    await context.out.write(`Ready: ${hosted.cluster.tcpAddresses.join(',')} (${what})\n`)
    failure = await Promise.race([hosted.failure, untilAborted(context.signal)])
  } finally {
    const stopped = hosted.shutdown()
    // What goes wrong while a broker stops that could not go on only hides why.
    await (failure === undefined ? stopped : stopped.catch(() => undefined))
  }
  if (failure !== undefined) throw failure
}

function logDirsOf(properties: Map<string, string>): string[] {
  const text = properties.get('log.dirs') ?? properties.get('log.dir') ?? DEFAULT_LOG_DIR
  properties.delete('log.dirs')
  properties.delete('log.dir')
  const words = text.split(',').map((word) => word.trim())
  return [...new Set(words.filter((word) => word !== '').map((word) => path.resolve(word)))]
}

/** Of the file, or what the directories say; -1, as in Kafka, is none. */
function brokerIdOf(properties: Map<string, string>, logDirs: readonly string[]): number {
  const text = properties.get('broker.id')?.trim() ?? '-1'
  properties.delete('broker.id')
  if (!/^-?\d{1,9}$/.test(text))
    throw new UsageError(`broker.id is '${text}', which is no number`, 'Ids are 0 or more.')
  if (Number(text) >= 0) return Number(text)
  const known = logDirs.map((dir) => readMetaProperties(nodeFileSystem, dir)?.brokerId)
  const id = known.find((each) => typeof each === 'number')
  if (typeof id !== 'number')
    throw new UsageError('broker.id is missing', 'Ids are not generated here: write broker.id=0 or another.')
  return id
}

/** The same directories, the same folder. */
function nameOf(logDirs: readonly string[]): string {
  const hash = createHash('sha256').update([...logDirs].sort().join('\0'))
  return `broker-${hash.digest('hex').slice(0, 16)}`
}
