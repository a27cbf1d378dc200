import { JavaException } from '../../base/java-exception.ts'
import { javaHash } from '../../base/java-hash.ts'
import type { LogDirDescription } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { kafkaException } from './java-errors.ts'
import { javaHashOrder, partitionHash } from './java-hash-order.ts'
import { javaInt } from './java-lang.ts'
import { OPTIONS } from './kafka-log-dirs-options.ts'
import { runTool, TERSE_EXCEPTION, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to query log directory usage on the specified brokers.',
  className: 'org.apache.kafka.tools.LogDirsCommand',
}

/** Kafka's kafka-log-dirs (org.apache.kafka.tools.LogDirsCommand). */
export function kafkaLogDirs(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main, (tool, error) => {
    tool.errorLine(`${error.text}`)
    if (error.className !== TERSE_EXCEPTION) tool.errorLine(`${error}\n`)
    return 1
  })
}

async function main(tool: Tool): Promise<void> {
  const { options } = tool
  tool.require('bootstrap-server', 'describe')
  const admin = await tool.connect(options.value('bootstrap-server') ?? '', options.value('command-config'))
  const topics = new Set(words(options.value('topic-list')))
  const cluster = await tool.call('listNodes', admin.describeCluster())
  const existing = cluster.brokers.map(({ id }) => id)
  const wanted = [...new Set(words(options.value('broker-list')).map(javaInt))]
  const unknown = byHash(wanted.filter((id) => !existing.includes(id)))
  if (unknown.length > 0) {
    const known = byHash(existing).join(',')
    throw new JavaException(
      TERSE_EXCEPTION,
      `ERROR: The given brokers do not exist from --broker-list: ${unknown.join(',')}. Current existent brokers: ${known}`,
    )
  }
  const brokers = byHash(wanted.length === 0 ? existing : wanted)
  tool.line('Querying brokers for log directories information')
  const described = await tool.call('describeLogDirs', admin.describeLogDirs(brokers))
  tool.line(`Received log directory information from brokers ${brokers.join(',')}`)
  tool.line(
    JSON.stringify({
      brokers: brokers.map((broker) => ({
        broker,
        logDirs: javaHashOrder(
          described.filter((dir) => dir.broker === broker),
          (dir) => javaHash(dir.logDir),
        ).map((dir) => logDirData(dir, topics)),
      })),
      version: 1,
    }),
  )
}

/** The keys are in the order of Kafka's HashMaps, too. */
function logDirData({ logDir, error, partitions }: LogDirDescription, topics: ReadonlySet<string>) {
  const shown = partitions.filter(({ topic }) => topics.size === 0 || topics.has(topic))
  return {
    partitions: javaHashOrder(shown, partitionHash).map((replica) => ({
      partition: `${replica.topic}-${replica.partition}`,
      size: replica.sizeBytes,
      offsetLag: replica.offsetLag,
      isFuture: replica.isFuture,
    })),
    error: error === null ? null : kafkaException(error.errorName).className,
    logDir,
  }
}

function words(list: string | undefined): string[] {
  return (list ?? '').split(',').filter((word) => word !== '')
}

function byHash(ids: readonly number[]): number[] {
  return javaHashOrder(ids, (id) => id)
}
