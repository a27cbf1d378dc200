/** The JSON of kafka-reassign-partitions: read with the checks of Kafka's tool, and written as it writes it. */

import { javaHash } from '../../../base/java-hash.ts'
import type { Replica, ReplicaLogDir, TopicPartition } from '../../../client/index.ts'
import { adminCommandFailed, adminOperation } from '../java-errors.ts'
import { javaHashOrder, partitionHash } from '../java-hash-order.ts'
import { javaDuplicates, javaInt, javaSplit } from '../java-lang.ts'
import { JsonFile } from '../json-file.ts'

/** Where a partition is, or is to be; the preferred leader first. */
export interface AssignedPartition extends TopicPartition {
  readonly replicas: readonly number[]
}

export interface ProposedAssignment {
  readonly partitions: readonly AssignedPartition[]
  /** Replicas that are to be in certain directories of their brokers. */
  readonly logDirs: readonly ReplicaLogDir[]
}

const ANY_LOG_DIR = 'any'
const VERSION = 1

export function partitionText({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** TopicPartitionReplica.toString */
export function replicaText({ topic, partition, broker }: Replica): string {
  return `${topic}-${partition}-${broker}`
}

export function byPartition(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

export function byReplica(a: Replica, b: Replica): number {
  return a.broker - b.broker || byPartition(a, b)
}

/** Partitions and directories, as they are in the file: what is there twice is still there twice. */
export function parseAssignment(text: string): ProposedAssignment {
  const root = parseStrictly(text).object()
  checkVersion(root.optional('version'))
  const partitions: AssignedPartition[] = []
  const logDirs = new Map<string, ReplicaLogDir>()
  for (const entry of root.optional('partitions')?.array() ?? []) {
    const fields = entry.object()
    const at = { topic: fields.get('topic').string(), partition: fields.get('partition').integer() }
    const replicas = fields
      .get('replicas')
      .array()
      .map((id) => id.integer())
    const dirs =
      fields
        .optional('log_dirs')
        ?.array()
        .map((dir) => dir.string()) ?? replicas.map(() => ANY_LOG_DIR)
    if (replicas.length !== dirs.length) {
      throw adminCommandFailed(
        `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${dirs.join(', ')}] for partition ${partitionText(at)}`,
      )
    }
    partitions.push({ ...at, replicas })
    dirs.forEach((logDir, i) => {
      const replica = { ...at, broker: replicas[i] ?? -1 }
      if (logDir !== ANY_LOG_DIR) logDirs.set(replicaText(replica), { ...replica, logDir })
    })
  }
  return { partitions, logDirs: [...logDirs.values()] }
}

/** What `--execute` takes: something for each partition, and nothing twice. */
export function parseProposal(text: string): ProposedAssignment {
  const proposal = parseAssignment(text)
  const { partitions } = proposal
  if (partitions.length === 0) throw adminCommandFailed('Partition reassignment list cannot be empty')
  if (partitions.some(({ replicas }) => replicas.length === 0))
    throw adminCommandFailed('Partition replica list cannot be empty')
  const names = partitions.map(partitionText)
  const twice = partitions.filter((each, i) => names.indexOf(partitionText(each)) < i)
  if (twice.length > 0) {
    const shown = new Set(javaHashOrder(twice, partitionHash).map(partitionText))
    throw adminCommandFailed(
      `Partition reassignment contains duplicate topic partitions: ${[...shown].join(',')}`,
    )
  }
  const repeated = partitions.flatMap((each) => {
    const ids = javaDuplicates(each.replicas, (id) => id)
    return ids.length === 0 ? [] : `${partitionText(each)} contains multiple entries for ${ids.join(',')}`
  })
  if (repeated.length > 0) {
    throw adminCommandFailed(
      `Partition replica lists may not contain duplicate entries: ${repeated.join('. ')}`,
    )
  }
  return proposal
}

/** The topics of `--topics-to-move-json-file` and the brokers of `--broker-list`. */
export function parseGenerateArgs(text: string, brokerList: string): { topics: string[]; brokers: number[] } {
  const brokers = javaSplit(brokerList, /,/).map(javaInt)
  const brokersTwice = javaDuplicates(brokers, (id) => id)
  if (brokersTwice.length > 0)
    throw adminCommandFailed(`Broker list contains duplicate entries: [${brokersTwice.join(', ')}]`)
  const file = JsonFile.parse(text)
  if (file === undefined) throw adminOperation('The input string is not a valid JSON')
  const root = file.object()
  checkVersion(root.optional('version'))
  const topics = (root.optional('topics')?.array() ?? []).map((each) => each.object().get('topic').string())
  const topicsTwice = javaDuplicates(topics, javaHash)
  if (topicsTwice.length > 0) {
    throw adminCommandFailed(
      `List of topics to reassign contains duplicate entries: [${topicsTwice.join(', ')}]`,
    )
  }
  return { topics, brokers }
}

/** formatAsReassignmentJson */
export function assignmentJson(partitions: readonly AssignedPartition[]): string {
  return JSON.stringify({
    version: VERSION,
    partitions: [...partitions].sort(byPartition).map(({ topic, partition, replicas }) => ({
      topic,
      partition,
      replicas,
      log_dirs: replicas.map(() => ANY_LOG_DIR),
    })),
  })
}

function checkVersion(field: JsonFile | undefined): void {
  const version = field?.integer() ?? VERSION
  if (version !== VERSION) throw adminOperation(`Not supported version field value ${version}`)
}

/** Kafka's tool says what Jackson says; here the parser is another, so its words are. */
function parseStrictly(text: string): JsonFile {
  if (text === '')
    throw adminOperation("The input string shouldn't be empty\n at [Source: UNKNOWN; byte offset: #UNKNOWN]")
  try {
    return new JsonFile(JSON.parse(text))
  } catch (error) {
    throw adminOperation(error instanceof Error ? error.message : `${error}`)
  }
}
