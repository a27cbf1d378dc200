import { errorInfo } from '../../protocol/index.ts'
import { batchSizeBytes, recordCount } from '../../records/index.ts'
import { sizeText } from '../output/text.ts'

/** How many names are shown of a list. */
const SHOWN = 4

/** Fetch names topics by their ids since version 13; metadata has told which they are. */
export type TopicNames = ReadonlyMap<string, string>

type Data = Readonly<Record<string, unknown>>

/** What was asked, in words. `{}` stands for the things that the request names. */
const PHRASES: Readonly<Record<string, string>> = {
  ApiVersions: 'which APIs it serves',
  OffsetCommit: 'store the offsets of group {}',
  OffsetFetch: 'the stored offsets of group {}',
  FindCoordinator: 'who coordinates {}',
  JoinGroup: 'join group {}',
  SyncGroup: 'its share in group {}',
  Heartbeat: 'still here, in group {}',
  LeaveGroup: 'leave group {}',
  DescribeGroups: 'all about group {}',
  ConsumerGroupDescribe: 'all about group {}',
  ListGroups: 'which groups it coordinates',
  DeleteGroups: 'delete group {}',
  OffsetDelete: 'forget offsets of group {}',
  CreateTopics: 'create {}',
  DeleteTopics: 'delete {}',
  CreatePartitions: 'more partitions for {}',
  DeleteRecords: 'delete records of {}',
  InitProducerId: 'a producer id',
  OffsetForLeaderEpoch: 'where the epoch of {} ended',
  DescribeConfigs: 'the settings of {}',
  IncrementalAlterConfigs: 'change settings of {}',
  DescribeLogDirs: 'its log directories',
  AlterReplicaLogDirs: 'another log directory for {}',
  ElectLeaders: 'elect leaders for {}',
  AlterPartitionReassignments: 'other replicas for {}',
  ListPartitionReassignments: 'which partitions are moving',
  DescribeCluster: 'who is in the cluster',
  DescribeProducers: 'who produces to {}',
}

export function askedWords(api: string, body: unknown, names: TopicNames): string {
  const data = dataOf(body)
  switch (api) {
    case 'Produce':
      return produceWords(data)
    case 'Fetch':
      return fetchWords(data, names)
    case 'ListOffsets':
      return `offsets of ${named(placesIn(data, names, offsetWord))}`
    case 'Metadata':
      return metadataWords(data)
    default: {
      const things = groupsIn(data) || named(placesIn(data, names)) || resourcesIn(data)
      const phrase = PHRASES[api]
      return phrase === undefined ? things : phrase.replace('{}', things || 'all').trim()
    }
  }
}

function produceWords(data: Data): string {
  let records = 0
  const places = listOf(data.topicData).flatMap((topic) =>
    listOf(topic.partitionData).map((partition) => {
      const bytes = partition.records
      if (bytes instanceof Buffer) records += recordsIn(bytes)
      return `${topic.name}-${partition.index}`
    }),
  )
  const acks = data.acks === 0 ? ', no answer wanted' : data.acks === 1 ? ', acks of the leader' : ''
  return `store ${records} ${records === 1 ? 'record' : 'records'} in ${named(places)}${acks}`
}

function recordsIn(bytes: Buffer): number {
  let count = 0
  for (let at = 0; at + 61 <= bytes.length; at += batchSizeBytes(bytes, at))
    count += Math.max(0, recordCount(bytes, at))
  return count
}

function fetchWords(data: Data, names: TopicNames): string {
  const wanted = placesIn(data, names, (partition) => ` from ${partition.fetchOffset}`)
  if (wanted.length > 0) return `records of ${named(wanted)}`
  return data.sessionEpoch === -1 ? 'end of the fetch session' : 'more records of the same partitions'
}

function metadataWords({ topics }: Data): string {
  if (topics === null || topics === undefined) return 'all topics, and who leads their partitions'
  const wanted = listOf(topics).map(({ name }) => String(name))
  return wanted.length === 0
    ? 'the brokers, and who is controller'
    : `who leads the partitions of ${named(wanted)}`
}

/** The special times of ListOffsets. */
const OFFSET_WORDS: Readonly<Record<number, string>> = {
  [-1]: ' (end)',
  [-2]: ' (start)',
  [-3]: ' (latest time)',
}

function offsetWord({ timestamp }: Data): string {
  return typeof timestamp === 'number' ? (OFFSET_WORDS[timestamp] ?? ` (at ${timestamp})`) : ''
}

/** What came back, in words; '' where the names of error codes say it all. */
export function answerWords(api: string, response: unknown, names: TopicNames): string {
  const data = dataOf(response)
  const parts = [detailsOf(api, data, names), throttled(data)]
  return parts.filter((part) => part !== '').join(', ')
}

function detailsOf(api: string, data: Data, names: TopicNames): string {
  const fine = ({ errorCode }: Data) => errorCode === undefined || errorCode === 0
  const each = (topics: unknown, partitions: string, words: (partition: Data) => string) =>
    listOf(topics).flatMap((topic) =>
      listOf(topic[partitions])
        .filter(fine)
        .map((one) => `${topicName(topic, names)}-${one.index ?? one.partitionIndex}${words(one)}`),
    )
  switch (api) {
    case 'Produce':
      return named(each(data.responses, 'partitionResponses', ({ baseOffset }) => ` at ${baseOffset}`))
    case 'Fetch': {
      const found = each(
        data.responses,
        'partitions',
        (partition) => ` ${sizeText(bytesIn(partition.records))}`,
      )
      return found.length === 0 ? 'nothing new' : named(found)
    }
    case 'ListOffsets':
      return named(each(data.topics, 'partitions', ({ offset }) => ` ${offset}`))
    case 'InitProducerId':
      return data.errorCode === 0 ? `id ${data.producerId}` : ''
    case 'FindCoordinator': {
      const found = listOf(data.coordinators).filter(fine)
      return found.length > 0 ? named(found.map(({ key, nodeId }) => `broker ${nodeId} for ${key}`)) : ''
    }
    default:
      return ''
  }
}

function throttled({ throttleTimeMs }: Data): string {
  return typeof throttleTimeMs === 'number' && throttleTimeMs > 0 ? `throttled for ${throttleTimeMs} ms` : ''
}

/** The names of all error codes in an answer, each once. */
export function errorCodesIn(response: unknown): string[] {
  const found = new Set<string>()
  const visit = (value: unknown, depth: number) => {
    if (depth > 8 || typeof value !== 'object' || value === null || value instanceof Uint8Array) return
    if (Array.isArray(value)) for (const each of value) visit(each, depth + 1)
    else
      for (const [name, each] of Object.entries(value)) {
        if (name === 'errorCode' && typeof each === 'number' && each !== 0) found.add(errorInfo(each).name)
        else if (typeof each === 'object') visit(each, depth + 1)
      }
  }
  visit(response, 0)
  return [...found]
}

/** `orders-0`, or `orders` where no partition is named. */
function placesIn(data: Data, names: TopicNames, words: (partition: Data) => string = () => ''): string[] {
  return listOf(data.topics ?? data.topicNames).flatMap((topic) => {
    const name = topicName(topic, names)
    const partitions = topic.partitions ?? topic.partitionIndexes
    if (!Array.isArray(partitions) || partitions.length === 0) return [name]
    return partitions.map((each: unknown) => {
      if (typeof each === 'number') return `${name}-${each}`
      const one = dataOf(each)
      return `${name}-${one.partition ?? one.partitionIndex ?? one.index}${words(one)}`
    })
  })
}

function topicName(topic: Data, names: TopicNames): string {
  const name = topic.name ?? topic.topic ?? topic.topicName
  if (typeof name === 'string' && name !== '') return name
  const id = String(topic.topicId ?? topic.value ?? '')
  return names.get(id) ?? id
}

function groupsIn(data: Data): string {
  const { groupId, groups, groupIds, groupsNames, coordinatorKeys, key } = data
  if (typeof groupId === 'string' && groupId !== '') return groupId
  const several = [groups, groupIds, groupsNames, coordinatorKeys].find(
    (each) => Array.isArray(each) && each.length > 0,
  )
  if (Array.isArray(several))
    return named(
      several.map((each: unknown) => (typeof each === 'string' ? each : String(dataOf(each).groupId))),
    )
  return typeof key === 'string' ? key : ''
}

function resourcesIn(data: Data): string {
  return named(listOf(data.resources).map(({ resourceName }) => String(resourceName || 'all brokers')))
}

export function named(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).join(', ')
  return names.length > SHOWN ? `${shown} and ${names.length - SHOWN} more` : shown
}

function bytesIn(records: unknown): number {
  if (records instanceof Uint8Array) return records.length
  return Array.isArray(records) ? records.reduce((sum: number, part) => sum + bytesIn(part), 0) : 0
}

function listOf(value: unknown): Data[] {
  if (!Array.isArray(value)) return []
  return value.map((each: unknown) => (typeof each === 'object' ? dataOf(each) : { value: each, name: each }))
}

function dataOf(value: unknown): Data {
  return typeof value === 'object' && value !== null ? (value as Data) : {}
}
