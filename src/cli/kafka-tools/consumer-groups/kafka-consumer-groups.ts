import { JavaException } from '../../../base/java-exception.ts'
import { type Admin, ClientError } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { runTool, type Tool, type ToolDefinition } from '../tool.ts'
import { checkArgs } from './check-args.ts'
import { deleteGroups, deleteOffsets } from './delete.ts'
import { describeGroups } from './describe.ts'
import { listGroups } from './list.ts'
import { OPTIONS, PURPOSE } from './options.ts'
import { resetOffsets } from './reset.ts'
import { clientException, readJavaFile, Session } from './session.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: PURPOSE,
  className: 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
}

/** Kafka's kafka-consumer-groups (org.apache.kafka.tools.consumer.group.ConsumerGroupCommand). */
export function kafkaConsumerGroups(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main)
}

/** What goes wrong with the client there is told on stdout, and the exit code is 0: so it is with Kafka's tool. */
async function main(tool: Tool): Promise<void> {
  tool.require('bootstrap-server')
  checkArgs(tool)
  try {
    await act(new Session(tool, await connect(tool)))
  } catch (error) {
    if (!(error instanceof JavaException) && !(error instanceof ClientError)) throw error
    const exception = clientException(error)
    if (exception.className === 'java.lang.IllegalArgumentException')
      throw tool.usage(exception.text ?? 'null')
    tool.print(`\nError: Executing consumer group command failed due to ${exception.text}\n`)
    tool.errorLine(`${exception}`)
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

async function connect(tool: Tool): Promise<Admin> {
  const { options } = tool
  const file = options.value('command-config')
  if (file !== undefined)
    readJavaFile(file, (path) => new JavaException('java.nio.file.NoSuchFileException', path))
  return tool.connect(options.value('bootstrap-server') ?? '', file, options.long('timeout'))
}
