import type { CommandContext } from './context.ts'
import { UsageError } from './exit-codes.ts'
import { loadFilter } from './filter/index.ts'
import { parsePartitions } from './flags.ts'
import { type OffsetRange, parsePoint, parseRange, START } from './records/offset-grammar.ts'
import { recordForm } from './records/record-output.ts'
import { type ConsumeOptions, MAX_TAIL } from './services/consume.ts'

export interface ConsumeFlags {
  readonly offset?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly tail?: number | undefined
  readonly follow?: boolean | undefined
  readonly partition?: readonly string[] | undefined
  readonly 'max-messages'?: number | undefined
  readonly 'timeout-ms'?: number | undefined
  readonly filter?: string | undefined
  readonly print?: string | undefined
  readonly format?: string | undefined
  readonly headers?: boolean | undefined
  readonly 'isolation-level'?: 'read_uncommitted' | 'read_committed' | undefined
  readonly group?: string | undefined
}

/** From flags to what the work needs. */
export async function consumeOptions(
  topics: readonly string[],
  flags: ConsumeFlags,
  context: Pick<CommandContext, 'clock' | 'out'>,
): Promise<ConsumeOptions> {
  if (flags.group !== undefined) refuseWithGroup(flags)
  if (flags.tail !== undefined && flags.tail > MAX_TAIL) {
    throw new UsageError(
      `--tail keeps its records in memory and goes up to ${MAX_TAIL}`,
      'Take --offset -N for more.',
    )
  }
  return {
    topics,
    partitions: parsePartitions(flags.partition),
    range: rangeOf(flags, context.clock.nowMs()),
    tail: flags.tail,
    follow: flags.follow === true,
    maxRecords: flags['max-messages'],
    idleTimeoutMs: flags['timeout-ms'],
    filter: await loadFilter(flags.filter, context.clock.nowMs()),
    form: recordForm({
      format: context.out.format,
      template: flags.format,
      print: flags.print,
      headers: flags.headers !== false,
    }),
    config: {
      ...(flags['isolation-level'] !== undefined && { isolationLevel: flags['isolation-level'] }),
      ...(flags.group === undefined
        ? { autoOffsetReset: 'none' as const }
        : { groupId: flags.group, autoOffsetReset: resetOf(flags.from, context.clock.nowMs()) }),
    },
  }
}

function rangeOf(flags: ConsumeFlags, nowMs: number): OffsetRange {
  if (flags.offset !== undefined) return parseRange(flags.offset, nowMs)
  const from = flags.from === undefined ? START : parsePoint(flags.from, nowMs)
  return flags.to === undefined ? { from } : { from, to: parsePoint(flags.to, nowMs) }
}

/** The group decides who reads which partition, and from where. */
function refuseWithGroup(flags: ConsumeFlags): void {
  const given = (['offset', 'to', 'tail', 'partition'] as const).find((name) => flags[name] !== undefined)
  if (given === undefined) return
  throw new UsageError(
    `--group and --${given} cannot be given together`,
    'A group reads from its stored offsets on: move them with kcli groups reset-offsets.',
  )
}

/** Where a group begins that has stored nothing. */
function resetOf(from: string | undefined, nowMs: number): 'earliest' | 'latest' {
  const point = from === undefined ? START : parsePoint(from, nowMs)
  if (point.kind === 'start' && point.plus === 0) return 'earliest'
  if (point.kind === 'end' && point.minus === 0) return 'latest'
  throw new UsageError(
    `--from is '${from}', with --group it is start or end`,
    'It says where a group begins that has stored no offsets.',
  )
}
