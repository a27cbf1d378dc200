import { JavaException } from '../../../base/java-exception.ts'
import type { GroupOffset, TopicPartition } from '../../../client/index.ts'
import { illegalArgument } from '../java-lang.ts'
import { SCENARIOS } from './check-args.ts'
import { readCsvLine } from './csv.ts'
import { optionNames, partitionOrder, partitionPutAllOrder } from './hash-order.ts'
import { parseJavaDateTime, parseJavaDuration } from './java-time.ts'
import { partitionName, readJavaFile, runtimeException, type Session } from './session.ts'

export interface NewOffset extends TopicPartition {
  readonly offset: number
}

/** What the chosen scenario makes of the partitions in its scope, in the order of Kafka's map (prepareOffsetsToReset). */
export async function newOffsets(
  session: Session,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<NewOffset[]> {
  const { options } = session
  if (options.has('to-offset')) {
    const offset = options.long('to-offset') ?? 0
    return inRange(
      session,
      partitions.map((at) => ({ ...at, offset })),
    )
  }
  if (options.has('to-earliest')) return atSpec(session, partitions, 'earliest')
  if (options.has('to-latest')) return atSpec(session, partitions, 'latest')
  if (options.has('shift-by')) return shifted(session, groupId, partitions)
  if (options.has('to-datetime')) {
    const text = options.value('to-datetime') ?? ''
    return atTime(
      session,
      partitions,
      wrapped(() => parseJavaDateTime(text)),
    )
  }
  if (options.has('by-duration')) {
    const agoMs = parseJavaDuration(options.value('by-duration') ?? '')
    return atTime(session, partitions, session.nowMs - agoMs)
  }
  if (options.has('from-file')) return fromFile(session, groupId)
  if (options.has('to-current')) return current(session, groupId, partitions)
  throw session.tool.usage(
    `Option '[reset-offsets]' requires one of the following scenarios: [${optionNames(SCENARIOS).join(', ')}]`,
  )
}

async function atSpec(
  session: Session,
  partitions: readonly TopicPartition[],
  spec: 'earliest' | 'latest',
): Promise<NewOffset[]> {
  const offsetOf = await session.listOffsets(partitions, spec)
  return partitionOrder(partitions.map((at) => ({ ...at, offset: offsetOf(at)?.offset ?? 0 })))
}

async function atTime(
  session: Session,
  partitions: readonly TopicPartition[],
  timestampMs: number,
): Promise<NewOffset[]> {
  const offsetOf = await session.listOffsets(partitions, { timestampMs })
  const late = partitionOrder(partitions.filter((at) => (offsetOf(at)?.offset ?? -1) < 0))
  for (const { topic, partition } of late)
    session.print(
      `\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.\n`,
    )
  const endOf = await session.listOffsets(late, 'latest')
  return partitionOrder(partitions.map((at) => ({ ...at, offset: (endOf(at) ?? offsetOf(at))?.offset ?? 0 })))
}

async function committed(session: Session, groupId: string): Promise<Map<string, GroupOffset>> {
  const [group] = await session.getWrapped(session.admin.listConsumerGroupOffsets([groupId]))
  if (group?.error) await session.getWrapped(Promise.reject(group.error))
  return new Map((group?.offsets ?? []).map((each) => [partitionName(each), each]))
}

async function shifted(
  session: Session,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<NewOffset[]> {
  const by = session.options.long('shift-by') ?? 0
  const offsets = await committed(session, groupId)
  const wanted = partitions.map(({ topic, partition }) => {
    const name = partitionName({ topic, partition })
    const at = offsets.get(name)
    if (at === undefined)
      throw illegalArgument(
        `Cannot shift offset for partition ${name} since there is no current committed offset`,
      )
    return { topic, partition, offset: at.offset + by }
  })
  return inRange(session, wanted)
}

/** Where nothing is committed, the end. */
async function current(
  session: Session,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<NewOffset[]> {
  const offsets = await committed(session, groupId)
  const known = partitions.flatMap(({ topic, partition }) => {
    const at = offsets.get(partitionName({ topic, partition }))
    return at === undefined ? [] : [{ topic, partition, offset: at.offset }]
  })
  const unknown = partitions.filter((at) => !offsets.has(partitionName(at)))
  const ends = await atSpec(session, unknown, 'latest')
  // Into a map that has no room yet: it becomes a small one, with an order of its own.
  return known.length === 0 ? partitionPutAllOrder(ends) : partitionOrder([...known, ...ends])
}

/** Offsets beyond either end of the log are set to that end, with a warning in the log. */
async function inRange(session: Session, wanted: readonly NewOffset[]): Promise<NewOffset[]> {
  const startOf = await session.listOffsets(wanted, 'earliest')
  const endOf = await session.listOffsets(wanted, 'latest')
  return partitionOrder(wanted).map((at) => {
    const start = startOf(at)?.offset ?? 0
    const end = endOf(at)?.offset ?? 0
    const isHigh = at.offset > end
    if (!isHigh && at.offset >= start) return at
    const offset = isHigh ? end : start
    session.tool.log(
      'WARN',
      `New offset (${at.offset}) is ${isHigh ? 'higher than latest' : 'lower than earliest'} offset for topic partition ${partitionName(at)}. Value will be set to ${offset}`,
    )
    return { ...at, offset }
  })
}

async function fromFile(session: Session, groupId: string): Promise<NewOffset[]> {
  // The tool looks whether there is a plan, and then reads it once more.
  readPlan(session)
  const plan = readPlan(session).get(groupId)
  if (plan !== undefined) return inRange(session, [...plan.values()])
  session.printError(`No reset plan for group ${groupId} found`)
  return []
}

function readPlan(session: Session): Map<string, Map<string, NewOffset>> {
  const groups = session.options.values('group')
  const unreadable = (path: string) => new JavaException('java.io.IOException', `Unable to read file ${path}`)
  const lines = readJavaFile(session.options.value('from-file') ?? '', unreadable).split('\n')
  while (lines.length > 1 && lines.at(-1) === '') lines.pop()
  const isPlain = lines.length > 0 && isWithoutGroup(session, lines[0] ?? '')
  const withGroup = groups.length !== 1 || !isPlain
  const plan = new Map<string, Map<string, NewOffset>>()
  for (const line of lines) {
    const { group, topic, partition, offset } = wrapped(() => readCsvLine(line, withGroup))
    if (offset < 0) throw illegalArgument('Invalid negative offset')
    const id = group ?? groups[0] ?? ''
    const offsets = plan.get(id) ?? new Map<string, NewOffset>()
    plan.set(id, offsets.set(partitionName({ topic, partition }), { topic, partition, offset }))
  }
  return plan
}

/** The tool prints why a line is none of the short kind, and goes on. */
function isWithoutGroup(session: Session, line: string): boolean {
  try {
    readCsvLine(line, false)
    return true
  } catch (error) {
    if (!(error instanceof JavaException)) throw error
    session.note(String(error))
    return false
  }
}

function wrapped<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof JavaException ? runtimeException(error) : error
  }
}
