import type { Admin } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { readFileAsString } from '../json-file.ts'
import { runTool, TERSE_EXCEPTION, type Tool, type ToolDefinition } from '../tool.ts'
import { cancelAssignment } from './cancel.ts'
import { executeAssignment } from './execute.ts'
import { OPTIONS } from './options.ts'
import { listReassignments, verifyAssignment } from './verify.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to move topic partitions between replicas.',
  className: 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
}

/** Kafka's kafka-reassign-partitions (org.apache.kafka.tools.reassign.ReassignPartitionsCommand). */
export function kafkaReassignPartitions(context: CommandContext, words: readonly string[]): Promise<number> {
  let isParsed = false
  const main = async (tool: Tool) => {
    const action = chosenAction(tool)
    isParsed = true
    const { options } = tool
    const admin = await tool.connect(options.value('bootstrap-server') ?? '', options.value('command-config'))
    await run(tool, admin, action)
  }
  return runTool(context, words, DEFINITION, main, (tool, error) => {
    if (!isParsed) throw error
    if (error.className === TERSE_EXCEPTION) tool.line(`${error.text}`)
    else tool.line(`Error: ${error.text}\n${error}\n`)
    return 1
  })
}

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const
type Action = (typeof ACTIONS)[number]

const REQUIRED: Record<Action, readonly string[]> = {
  verify: ['reassignment-json-file'],
  generate: ['topics-to-move-json-file', 'broker-list'],
  execute: ['reassignment-json-file'],
  cancel: ['reassignment-json-file'],
  list: [],
}

const PERMITTED: Record<Action, readonly string[]> = {
  verify: ['preserve-throttles'],
  generate: ['disable-rack-aware'],
  execute: ['additional', 'throttle', 'replica-alter-log-dirs-throttle', 'timeout'],
  cancel: ['preserve-throttles', 'timeout'],
  list: [],
}

/** ReassignPartitionsCommand.validateAndParseArgs */
function chosenAction(tool: Tool): Action {
  const { options } = tool
  const [action, ...others] = ACTIONS.filter((name) => options.has(name))
  if (action === undefined || others.length > 0) {
    const names = ACTIONS.map((name) => `--${name}`).join(', ')
    throw tool.usage(`Command must include exactly one action: ${names}`)
  }
  if (!options.has('bootstrap-server')) throw tool.usage('Please specify --bootstrap-server')
  tool.require(...REQUIRED[action])
  const taken = [action, 'bootstrap-server', 'command-config', ...REQUIRED[action], ...PERMITTED[action]]
  for (const { names } of options.detected)
    if (!names.some((name) => taken.includes(name)))
      throw tool.usage(`Option "[${names.join(', ')}]" can't be used with action "[${action}]"`)
  return action
}

async function run(tool: Tool, admin: Admin, action: Action): Promise<void> {
  const { options } = tool
  const file = () => readFileAsString(options.value('reassignment-json-file') ?? '')
  const keepThrottles = options.has('preserve-throttles')
  if (action === 'verify') await verifyAssignment(tool, admin, file(), keepThrottles)
  else if (action === 'generate') {
    const { generateAssignment } = await import('./generate.ts')
    await generateAssignment(tool, admin, readFileAsString(options.value('topics-to-move-json-file') ?? ''))
  } else if (action === 'execute') await executeAssignment(tool, admin, file())
  else if (action === 'cancel') await cancelAssignment(tool, admin, file(), keepThrottles)
  else await listReassignments(tool, admin)
}
