import { JavaException } from '../../base/java-exception.ts'
import type { BrokerNode } from '../../client/index.ts'
import { APIS } from '../../protocol/messages/index.ts'
import type { CommandContext } from '../context.ts'
import { OPTIONS } from './kafka-broker-api-versions-options.ts'
import { runTool, type Tool, type ToolDefinition } from './tool.ts'

const DEFINITION: ToolDefinition = {
  options: OPTIONS,
  purpose: 'This tool helps to retrieve broker version information.',
  className: 'kafka.admin.BrokerApiVersionsCommand',
}

/** Kafka's kafka-broker-api-versions (kafka.admin.BrokerApiVersionsCommand). */
export function kafkaBrokerApiVersions(context: CommandContext, words: readonly string[]): Promise<number> {
  return runTool(context, words, DEFINITION, main)
}

async function main(tool: Tool): Promise<void> {
  const { options } = tool
  tool.require('bootstrap-server')
  const bootstrap = options.value('bootstrap-server') ?? ''
  const admin = await tool.connect(bootstrap, options.value('command-config')).catch((error: unknown) => {
    // This tool has a client of its own, which does not wrap what it finds wrong.
    throw error instanceof JavaException && error.cause instanceof JavaException ? error.cause : error
  })
  const { brokers } = await tool.call('listNodes', admin.describeCluster())
  for (const broker of brokers) {
    const text = await tool
      .call('apiVersions', admin.brokerApiVersions(broker.id))
      .then(versionsText, (error: unknown) => `ERROR: ${error}`)
    tool.line(`${nodeText(broker)} -> ${text}`)
  }
}

function nodeText({ id, host, port, rack }: BrokerNode): string {
  return `${host}:${port} (id: ${id} rack: ${rack})`
}

interface Range {
  readonly from: number
  readonly to: number
}

/** org.apache.kafka.clients.NodeApiVersions.toString: what the broker serves, and what a client could ask beside it. */
function versionsText(served: ReadonlyMap<number, Range>): string {
  const missing = [...APIS.values()].filter((api) => !served.has(api.key) && isForClients(api.listeners))
  const lines = [...served.keys(), ...missing.map(({ key }) => key)]
    .sort((a, b) => a - b)
    .map((key) => {
      const range = served.get(key)
      const api = APIS.get(key)
      if (api === undefined || range === undefined)
        return `\t${api?.name ?? 'UNKNOWN'}(${key}): ${range === undefined ? 'UNSUPPORTED' : rangeText(range)}`
      return `\t${api.name}(${key}): ${rangeText(range)} ${usableText(range, api.request.versions)}`
    })
  return `(\n${lines.join(',\n')}\n)`
}

function isForClients(listeners: readonly string[]): boolean {
  return listeners.includes('zkBroker') || listeners.includes('broker')
}

function rangeText({ from, to }: Range): string {
  return from === to ? `${from}` : `${from} to ${to}`
}

function usableText(theirs: Range, ours: Range): string {
  const usable = Math.min(theirs.to, ours.to)
  if (usable >= Math.max(theirs.from, ours.from)) return `[usable: ${usable}]`
  return `[unusable: node too ${theirs.to < ours.from ? 'old' : 'new'}]`
}
