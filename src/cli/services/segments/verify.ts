import { FileLocks } from '../../../base/file-lock.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { type Finding, type Located, type VerifySummary, verify } from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { Meter } from '../../output/meter.ts'
import { loadStyles, type Styles } from '../../output/styles.ts'
import { plural, printable, sizeText } from '../../output/text.ts'
import { type FileSelection, locateFiles } from './locate.ts'

export interface VerifySegmentsOptions extends FileSelection {
  readonly deep: boolean
  /** Warnings count as errors. */
  readonly strict: boolean
}

/** Kept for the forms of output that are one piece; a directory with more than that is not read finding by finding. */
const MAX_KEPT = 10_000

/** Checks log files and tells what is wrong, place by place. Exit code 1 when something is. */
export async function verifySegments(
  context: CommandContext,
  options: VerifySegmentsOptions,
): Promise<number> {
  const located = locateFiles(context, options)
  requireLogFiles(located, options.names)
  const styles = await loadStyles(context.terminal.color)
  const locks = new FileLocks()
  const kept: Finding[] = []
  let done = 0
  const meter = new Meter({ clock: context.clock, unit: 'bytes' })
  const progress = context.progress(() => meter.line('Checking', done))
  const show = async () => {
    if (context.out.isData) return
    const found = kept.splice(0)
    if (found.length > 0) progress.stop()
    await context.out.write(found.map((finding) => findingText(finding, styles)).join(''))
  }
  try {
    const summary = await verify(nodeFileSystem, {
      located,
      deep: options.deep,
      isLocked: (path) => locks.isHeld(path),
      signal: context.signal,
      onFinding: (finding) => {
        if (kept.length < MAX_KEPT) kept.push(finding)
      },
      onBytes: (bytes) => {
        done += bytes
      },
      onPartition: show,
    })
    await show()
    if (context.out.isData) await writeData(context, kept)
    context.out.note(summaryText(summary))
    const { error, warning } = summary.found
    return error > 0 || (options.strict && warning > 0) ? EXIT.failed : EXIT.done
  } finally {
    progress.stop()
  }
}

/** What is no file of a log has nothing to be checked for, which is not the same as being without fault. */
function requireLogFiles({ files, partitionDirs }: Located, names: readonly string[]): void {
  const [other] = files
  if (other === undefined || partitionDirs.length > 0 || files.some(({ kind }) => kind !== 'other')) return
  throw new UsageError(
    `${names.join(', ')} is no log file`,
    'Name a .log file or an index, a folder of Kafka or kcli, a topic or TOPIC-N.',
  )
}

async function writeData(context: CommandContext, findings: readonly Finding[]): Promise<void> {
  await context.out.view({
    rows: findings,
    columns: [
      { header: 'SEVERITY', value: (row) => row.severity },
      { header: 'CHECK', value: (row) => row.check },
      { header: 'PATH', value: (row) => row.path },
      { header: 'POSITION', value: (row) => row.position ?? '' },
      { header: 'OFFSET', value: (row) => row.offset ?? '' },
      { header: 'REASON', value: (row) => row.reason },
      { header: 'ADVICE', value: (row) => row.advice },
    ],
    data: findingData,
    name: (row) => row.path,
  })
}

export function findingData(finding: Finding): unknown {
  const { severity, check, path, position, offset, partition, reason, advice, fix } = finding
  return {
    severity,
    check,
    path,
    position: position ?? null,
    offset: offset ?? null,
    broker: partition?.brokerId ?? null,
    topic: partition?.topic ?? null,
    partition: partition?.partition ?? null,
    reason,
    advice,
    isRepairable: fix !== undefined,
  }
}

function findingText(finding: Finding, styles: Styles): string {
  const { severity, path, position, offset, reason, advice } = finding
  const paint = { error: styles.bad, warning: styles.bold, note: styles.dim }[severity]
  const place = [
    path,
    ...(position === undefined ? [] : [`position ${position}`]),
    ...(offset === undefined ? [] : [`offset ${offset}`]),
  ].join(', ')
  return `${paint(severity)}: ${printable(place)}: ${printable(reason)}.\n${severity === 'note' ? '' : `  ${styles.dim(advice)}\n`}`
}

function summaryText({ partitions, segments, bytes, found }: VerifySummary): string {
  const what = `Checked ${plural(partitions, 'partition')}, ${plural(segments, 'segment')}, ${sizeText(bytes)}`
  const parts = [
    ...(found.error > 0 ? [plural(found.error, 'error')] : []),
    ...(found.warning > 0 ? [plural(found.warning, 'warning')] : []),
    ...(found.note > 0 ? [plural(found.note, 'note')] : []),
  ]
  if (found.error + found.warning === 0) {
    return `${what}: no fault found${found.note > 0 ? ` (${plural(found.note, 'note')})` : ''}.`
  }
  return `${what}: ${parts.join(', ')}.`
}
