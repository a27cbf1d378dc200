import { KcliError, messageOf } from '../../../base/errors.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import type { CommandContext } from '../../context.ts'
import { textFiles } from '../../text-files.ts'

/** One partition of a plan: the brokers it is to be on, the preferred leader first. */
export interface PlannedPartition {
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly number[]
}

/** Reads what kafka-reassign-partitions takes and gives: `{"version":1,"partitions":[{"topic","partition","replicas"}]}`. */
export function parsePlan(text: string, source: string): PlannedPartition[] {
  const fail = (reason: string) =>
    new KcliError('KCLI_PLAN', `${source}: ${reason}`, {
      hint: 'A plan looks like {"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[1,2]}]}.',
    })
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
    const { topic, partition, replicas, log_dirs: logDirs } = each ?? {}
    const isId = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0
    if (typeof topic !== 'string' || !isId(partition)) {
      throw fail(`entry ${index} names no topic and partition`)
    }
    const name = `${topic}-${partition}`
    if (!Array.isArray(replicas) || replicas.length === 0 || !replicas.every(isId)) {
      throw fail(`${name} has no list of broker ids`)
    }
    if (new Set(replicas).size !== replicas.length) throw fail(`${name} names a broker twice`)
    if (Array.isArray(logDirs) && logDirs.some((dir) => dir !== 'any')) {
      throw fail(`${name} names log directories, which cannot be chosen here`)
    }
    if (seen.has(name)) throw fail(`${name} is there twice`)
    seen.add(name)
    return { topic, partition, replicas }
  })
}

/** `-` is stdin. */
export async function readPlan(
  file: string,
  context: Pick<CommandContext, 'input'>,
): Promise<PlannedPartition[]> {
  let text: string
  try {
    text = await textFiles(context).read(file)
  } catch (error) {
    throw new KcliError('KCLI_PLAN', `cannot read the plan ${file}: ${messageOf(error)}`)
  }
  return parsePlan(text, file === '-' ? 'stdin' : file)
}

export function planText(partitions: readonly PlannedPartition[]): string {
  const entries = partitions.map(({ topic, partition, replicas }) => ({
    topic,
    partition,
    replicas,
    log_dirs: replicas.map(() => 'any'),
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
    throw new KcliError('KCLI_PLAN', `cannot write ${file}: ${messageOf(error)}`)
  }
}
