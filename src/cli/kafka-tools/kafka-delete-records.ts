import type { CommandContext } from '../context.ts'
import { adminCommandFailed, adminOperation, asKafkaException } from './java-errors.ts'
import { javaHashOrder, partitionHash } from './java-hash-order.ts'
import { JsonFile } from './json-file.ts'
import { OPTIONS } from './kafka-delete-records-options.ts'
import { runTool, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to delete records of the given partitions down to the specified offset.',
  className: 'org.apache.kafka.tools.DeleteRecordsCommand',
}

/** Kafka's kafka-delete-records (org.apache.kafka.tools.DeleteRecordsCommand). */
export function kafkaDeleteRecords(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main, (tool, error) => tool.tellException(error))
}

async function main(tool: Tool): Promise<void> {
  const { options } = tool
  tool.require('bootstrap-server', 'offset-json-file')
  const admin = await tool.connect(options.value('bootstrap-server') ?? '', options.value('command-config'))
  const targets = targetsOf(JsonFile.read(options.value('offset-json-file') ?? ''))
  const names = targets.map(({ topic, partition }) => `${topic}-${partition}`)
  const twice = targets.filter((_, i) => names.indexOf(names[i] ?? '') < i)
  if (twice.length > 0) {
    const shown = javaHashOrder(twice, partitionHash).map(({ topic, partition }) => `${topic}-${partition}`)
    throw adminCommandFailed(
      `Offset json file contains duplicate topic partitions: ${[...new Set(shown)].join(',')}`,
    )
  }
  tool.line('Executing records delete operation')
  tool.line('Records delete operation completed:')
  const results = await tool.call('deleteRecords', admin.deleteRecords(targets))
  for (const { topic, partition, lowWatermark, error } of javaHashOrder(results, partitionHash)) {
    const what = error === null ? `low_watermark: ${lowWatermark}` : `error: ${asKafkaException(error, '')}`
    tool.line(`partition: ${topic}-${partition}\t${what}`)
  }
}

const VERSION = 1

function targetsOf(file: JsonFile | undefined) {
  if (file === undefined) throw adminOperation('The input string is not a valid JSON')
  const root = file.object()
  const version = root.optional('version')?.integer() ?? VERSION
  if (version !== VERSION) throw adminOperation(`Not supported version field value ${version}`)
  const partitions = root.optional('partitions')
  if (partitions === undefined) throw adminOperation('Missing partitions field')
  return partitions.array().map((entry) => {
    const fields = entry.object()
    return {
      topic: fields.get('topic').string(),
      partition: fields.get('partition').integer(),
      beforeOffset: fields.get('offset').long(),
    }
  })
}
