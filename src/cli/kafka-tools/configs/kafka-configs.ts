import type { JavaException } from '../../../base/java-exception.ts'
import type { Admin } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { illegalArgument } from '../java-lang.ts'
import { runTool, type Tool, type ToolDefinition } from '../tool.ts'
import { changesOf } from './changes.ts'
import { CLIENTS, checkArgs, entityOf, IPS, USERS } from './entity.ts'
import { OPTIONS } from './options.ts'
import { alterIps, alterUsersOrClients, describeQuotas, describeScram } from './quotas.ts'
import { alterResource, describeResources, singular } from './resources.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose:
    'This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip or client-metrics',
  className: 'kafka.admin.ConfigCommand',
}

/** Kafka's kafka-configs (kafka.admin.ConfigCommand), without what it does on ZooKeeper or on a KRaft controller. */
export function kafkaConfigs(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main, (tool, error) => {
    if (isUsersMistake(error)) tool.errorLine(`${error.text}`)
    else {
      tool.errorLine(`Error while executing config command with args '${words.join(' ')}'`)
      tool.errorLine(`${error}`)
    }
    return 1
  })
}

/** Their exceptions are told without a stack. */
function isUsersMistake({ className }: JavaException): boolean {
  return /^joptsimple\.|\.(IllegalArgument|NumberFormat|InvalidConfiguration)Exception$/.test(className)
}

async function main(tool: Tool): Promise<void> {
  await checkArgs(tool)
  const { options } = tool
  for (const option of ['zookeeper', 'bootstrap-controller']) {
    if (options.has(option)) {
      throw illegalArgument(
        `--${option} is something that kcli's kafka-configs cannot do. Name a broker with --bootstrap-server.`,
      )
    }
  }
  const admin = await tool.connect(options.value('bootstrap-server') ?? '', options.value('command-config'))
  if (options.has('alter')) await alter(tool, admin)
  else await describe(tool, admin)
}

async function describe(tool: Tool, admin: Admin): Promise<void> {
  const entity = entityOf(tool)
  const { types, names } = entity
  const [type = ''] = types
  if (![USERS, CLIENTS, IPS].includes(type)) {
    await describeResources(tool, admin, type, names[0])
    return
  }
  await describeQuotas(tool, admin, entity)
  if (!types.includes(CLIENTS) && type !== IPS && !names.includes('')) await describeScram(tool, admin, names)
}

async function alter(tool: Tool, admin: Admin): Promise<void> {
  const entity = entityOf(tool)
  const { types, names } = entity
  if (types.length !== names.length)
    throw illegalArgument('An entity name must be specified for every entity type')
  const [type = ''] = types
  const [name = ''] = names
  const changes = await changesOf(tool)
  if (type === USERS || type === CLIENTS) await alterUsersOrClients(tool, admin, entity, changes)
  else if (type === IPS) await alterIps(tool, admin, entity, changes)
  else await alterResource(tool, admin, type, name, changes)
  if (name === '') tool.line(`Completed updating default config for ${type} in the cluster.`)
  else tool.line(`Completed updating config for ${singular(type)} ${name}.`)
}
