import { JavaException } from '../../base/java-exception.ts'
import { ClientError } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { checkRequiredArgs, javaMain, maybePrintHelpOrVersion, usageExit } from '../jopt/java-main.ts'
import { OptionParser, type OptionSet } from '../jopt/option-parser.ts'
import { ChunkWriter } from '../records/chunk-writer.ts'
import { openTarget, type Target } from '../target.ts'
import { checkArgs } from './groups/kafka/check-args.ts'
import { deleteGroups, deleteOffsets } from './groups/kafka/delete.ts'
import { describeGroups } from './groups/kafka/describe.ts'
import { listGroups } from './groups/kafka/list.ts'
import { OPTIONS, PURPOSE } from './groups/kafka/options.ts'
import { resetOffsets } from './groups/kafka/reset.ts'
import { clientException, isIllegalArgument, readJavaFile, Session } from './groups/kafka/session.ts'

/**
 * Kafka's kafka-consumer-groups: its options, its output, its exit codes (ConsumerGroupCommand of 3.9). `words` are the
 * command line behind its name.
 */
export async function kafkaConsumerGroups(
  context: CommandContext,
  words: readonly string[],
): Promise<number> {
  const chunks = new ChunkWriter(context.out.sink)
  const err = (text: string) => {
    if (text !== '') context.out.note(text.replace(/\n$/, ''))
  }
  try {
    return await javaMain({ out: chunks.add, err }, async () => {
      const parser = new OptionParser(OPTIONS)
      const options = parser.parse(words)
      maybePrintHelpOrVersion(parser, options, words, PURPOSE)
      checkRequiredArgs(parser, options, 'bootstrap-server')
      checkArgs(parser, options, (text) => context.out.note(text))
      await run(context, parser, options, chunks.add)
    })
  } finally {
    await chunks.flush()
  }
}

/** What goes wrong from here on is told on stdout, and the exit code is 0: so it is with Kafka's tool. */
async function run(
  context: CommandContext,
  parser: OptionParser,
  options: OptionSet,
  print: (text: string) => void,
): Promise<void> {
  let target: Target | undefined
  try {
    target = await connect(context, options)
    await act(new Session(context, { admin: target.admin, parser, options, print }))
  } catch (error) {
    if (!(error instanceof JavaException) && !(error instanceof ClientError)) throw error
    const exception = clientException(error)
    if (isIllegalArgument(exception)) throw usageExit(parser, exception.text ?? 'null')
    print(`\nError: Executing consumer group command failed due to ${exception.text}\n`)
    context.out.note(String(exception))
  } finally {
    await target?.close()
  }
}

async function act(session: Session): Promise<void> {
  const { options } = session
  if (options.has('list')) await listGroups(session)
  else if (options.has('describe')) await describeGroups(session)
  else if (options.has('delete')) await deleteGroups(session)
  else if (options.has('reset-offsets')) await resetOffsets(session)
  else await deleteOffsets(session)
}

async function connect(context: CommandContext, options: OptionSet): Promise<Target> {
  const file = options.value('command-config')
  const bootstrap = options.value('bootstrap-server') ?? ''
  if (file !== undefined)
    readJavaFile(file, (path) => new JavaException('java.nio.file.NoSuchFileException', path))
  checkAddresses(bootstrap)
  const flags = { 'bootstrap-server': bootstrap, ...(file !== undefined && { 'command-config': file }) }
  const timeoutMs = options.long('timeout') ?? 0
  return openTarget(flags, { timeoutMs, version: context.version, signal: context.signal })
}

const URL_WITH_PORT = /^(?:[0-9a-zA-Z\-%._]*:\/\/)?\[?[0-9a-zA-Z\-%._:]*\]?:\d+/

/** Kafka's client takes no address without a port. */
function checkAddresses(bootstrap: string): void {
  const urls = bootstrap.split(',').map((url) => url.trim())
  const isWrong = urls.some((url) => url !== '' && !URL_WITH_PORT.test(url))
  if (!isWrong && urls.some((url) => url !== '')) return
  throw new JavaException('org.apache.kafka.common.KafkaException', 'Failed to create new KafkaAdminClient')
}
