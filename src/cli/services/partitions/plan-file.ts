import { fileProblem, KcliError, messageOf } from '../../../base/errors.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import type { TopicPartition } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { textFiles } from '../../text-files.ts'

/** One partition of a plan: the brokers it is to be on, the preferred leader first. */
export interface PlannedPartition {
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly number[]
  /** The directory of each of them, or {@link ANY_LOG_DIR}; undefined: all are where they are, or anywhere. */
  readonly logDirs?: readonly string[]
}

/** In `log_dirs`: the directory does not matter. */
export const ANY_LOG_DIR = 'any'

/** Reads what kafka-reassign-partitions takes and gives: `{"version":1,"partitions":[{"topic","partition","replicas","log_dirs"}]}`. */
export function parsePlan(text: string, source: string): PlannedPartition[] {
  const fail = (reason: string) =>
    new KcliError('KCLI_PLAN', `${source}: ${reason}`, {
      hint: 'A plan looks like {"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1,2]}]}.',
    })
  return entriesOf(text, fail).map(({ name, topic, partition, rest }) => {
    const { replicas, log_dirs: logDirs } = rest
    if (!Array.isArray(replicas) || replicas.length === 0 || !replicas.every(isId)) {
      throw fail(`${name} has no list of broker ids`)
    }
    if (new Set(replicas).size !== replicas.length) throw fail(`${name} names a broker twice`)
    if (logDirs !== undefined && !isLogDirs(logDirs))
      throw fail(`${name} has log_dirs that are no directories`)
    if (logDirs !== undefined && logDirs.length !== replicas.length) {
      throw fail(`${name} has ${replicas.length} replicas and ${logDirs.length} log_dirs`)
    }
    return { topic, partition, replicas, ...(logDirs !== undefined && { logDirs }) }
  })
}

/** Reads what kafka-leader-election takes: `{"partitions":[{"topic","partition"}]}`. More fields do not matter. */
export function parsePartitionList(text: string, source: string): TopicPartition[] {
  const fail = (reason: string) =>
    new KcliError('KCLI_PLAN', `${source}: ${reason}`, {
      hint: 'A list looks like {"partitions":[{"topic":"orders","partition":0}]}.',
    })
  return entriesOf(text, fail).map(({ topic, partition }) => ({ topic, partition }))
}

interface Entry extends TopicPartition {
  readonly name: string
  readonly rest: Readonly<Record<string, unknown>>
}

function entriesOf(text: string, fail: (reason: string) => KcliError): Entry[] {
  let json: { version?: unknown; partitions?: unknown } | null
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw fail(`no JSON: ${messageOf(error)}`)
  }
  if (typeof json !== 'object' || json === null || !Array.isArray(json.partitions)) {
    throw fail("there is no list 'partitions'")
  }
  if (json.version !== undefined && json.version !== 1) throw fail(`version ${json.version} is not known`)
  const seen = new Set<string>()
  return json.partitions.map((each: Record<string, unknown> | null, index) => {
    const { topic, partition, ...rest } = each ?? {}
    if (typeof topic !== 'string' || !isId(partition)) {
      throw fail(`entry ${index} names no topic and partition`)
    }
    const name = `${topic}-${partition}`
    if (seen.has(name)) throw fail(`${name} is there twice`)
    seen.add(name)
    return { name, topic, partition, rest }
  })
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0
}

function isLogDirs(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((dir) => typeof dir === 'string' && dir !== '')
}

export async function readPlan(
  file: string,
  context: Pick<CommandContext, 'input'>,
): Promise<PlannedPartition[]> {
  return parsePlan(await readText(file, context), sourceOf(file))
}

export async function readPartitionList(
  file: string,
  context: Pick<CommandContext, 'input'>,
): Promise<TopicPartition[]> {
  return parsePartitionList(await readText(file, context), sourceOf(file))
}

/** `-` is stdin. */
async function readText(file: string, context: Pick<CommandContext, 'input'>): Promise<string> {
  try {
    return await textFiles(context).read(file)
  } catch (error) {
    if (error instanceof KcliError) throw error
    throw new KcliError('KCLI_PLAN', `cannot read the plan ${file}: ${messageOf(error)}`)
  }
}

function sourceOf(file: string): string {
  return file === '-' ? 'stdin' : file
}

export function planText(partitions: readonly PlannedPartition[]): string {
  const entries = partitions.map(({ topic, partition, replicas, logDirs }) => ({
    topic,
    partition,
    replicas,
    log_dirs: logDirs ?? replicas.map(() => ANY_LOG_DIR),
  }))
  return `${JSON.stringify({ version: 1, partitions: entries })}\n`
}

/** Does not replace a file: it may be the way back from an earlier move. */
export function writePlan(file: string, partitions: readonly PlannedPartition[]): void {
  if (nodeFileSystem.existsSync(file)) {
    throw new KcliError('KCLI_PLAN', `${file} is there already`, {
      hint: 'Choose another name for the plan.',
    })
  }
  try {
    nodeFileSystem.writeFileSync(file, Buffer.from(planText(partitions)))
  } catch (error) {
    throw new KcliError('KCLI_PLAN', `cannot write ${file}: ${fileProblem(error)}`, {
      hint: 'Check who may write there, or name another file.',
    })
  }
}
