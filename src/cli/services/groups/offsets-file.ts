import { fileProblem, KcliError } from '../../../base/errors.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { readTextFile } from '../../../base/standard-streams.ts'
import type { TopicPartition } from '../../../client/index.ts'
import { UsageError } from '../../exit-codes.ts'

/** An offset of a plan; null takes the committed one away. */
export interface FileOffset extends TopicPartition {
  /** Undefined in a file that is about whatever group is named beside it. */
  readonly group: string | undefined
  readonly offset: number | null
}

/** What stands for no offset, as in Kafka's protocol. */
const NO_OFFSET = -1

/** `group,topic,partition,offset` or `topic,partition,offset`, as kafka-consumer-groups exports it. */
export function readOffsetsFile(path: string): FileOffset[] {
  let text: string
  try {
    text = readTextFile(path)
  } catch (error) {
    throw new UsageError(`${path} (--from-file) cannot be read: ${fileProblem(error)}`, 'Check its name.')
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '')
  if (lines.length === 0) throw new UsageError(`${path} has no offsets`, 'Lines are topic,partition,offset.')
  return lines.map((line, i) => fileOffset(line, `${path}, line ${i + 1}`))
}

function fileOffset(line: string, place: string): FileOffset {
  const cells = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.trim() ?? '',
  )
  const [offset, partition, topic, group] = [...cells].reverse()
  const isFine = cells.length === 3 || cells.length === 4
  if (!isFine || !topic || !/^\d{1,9}$/.test(partition ?? '') || !/^(-1|\d{1,15})$/.test(offset ?? ''))
    throw new UsageError(
      `${place}: '${line}' is no offset`,
      'Lines are topic,partition,offset or group,topic,partition,offset.',
    )
  const number = Number(offset)
  return { group, topic, partition: Number(partition), offset: number === NO_OFFSET ? null : number }
}

/** A file that `--from-file` takes. Never written over another one, which may be an earlier way back. */
export function writeOffsetsFile(
  path: string,
  offsets: readonly (TopicPartition & { readonly group: string; readonly offset: number | null })[],
): void {
  const lines = offsets.map(({ group, topic, partition, offset }) =>
    [cell(group), cell(topic), partition, offset ?? NO_OFFSET].join(','),
  )
  const hint = 'Name another file with --undo FILE. Nothing was changed.'
  if (nodeFileSystem.existsSync(path))
    throw new KcliError('KCLI_UNDO_FILE', `${path} is there already`, { hint })
  try {
    nodeFileSystem.writeFileSync(path, Buffer.from(`${lines.join('\n')}\n`))
  } catch (error) {
    const message = `the way back cannot be written to ${path}: ${fileProblem(error)}`
    throw new KcliError('KCLI_UNDO_FILE', message, { hint, cause: error })
  }
}

function cell(text: string): string {
  return /[",\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
