import type { CommandContext } from './context.ts'
import { UsageError } from './exit-codes.ts'
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
  readonly print?: string | undefined
  readonly format?: string | undefined
  readonly headers?: boolean | undefined
  readonly 'isolation-level': 'read_uncommitted' | 'read_committed'
  readonly group?: string | undefined
}

/** From flags to what the work needs. */
export function consumeOptions(
  topics: readonly string[],
  flags: ConsumeFlags,
  context: Pick<CommandContext, 'clock' | 'out'>,
): ConsumeOptions {
  refuseGroup(flags.group)
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
    form: recordForm({
      format: context.out.format,
      template: flags.format,
      print: flags.print,
      headers: flags.headers !== false,
    }),
    config: { isolationLevel: flags['isolation-level'], autoOffsetReset: 'none' },
  }
}

function rangeOf(flags: ConsumeFlags, nowMs: number): OffsetRange {
  if (flags.offset !== undefined) return parseRange(flags.offset, nowMs)
  const from = flags.from === undefined ? START : parsePoint(flags.from, nowMs)
  return flags.to === undefined ? { from } : { from, to: parsePoint(flags.to, nowMs) }
}

export function refuseGroup(group: string | undefined): void {
  if (group === undefined) return
  throw new UsageError(
    'consumer groups are not supported yet',
    'Leave --group out: offsets are then not stored anywhere.',
  )
}
