import type { FileKind } from '../inspect/index.ts'
import type { PayloadFormat } from '../inspect/payload/index.ts'
import { UsageError } from './exit-codes.ts'
import { loadFilter } from './filter/index.ts'
import { parseTime } from './records/offset-grammar.ts'
import type { DumpSegmentsOptions } from './services/segments/dump.ts'

export interface SegmentsDumpFlags {
  readonly broker?: number | undefined
  readonly kind?: readonly string[] | undefined
  readonly records?: boolean | undefined
  readonly offset?: string | undefined
  readonly 'from-offset'?: number | undefined
  readonly 'to-offset'?: number | undefined
  readonly 'from-time'?: string | undefined
  readonly 'to-time'?: string | undefined
  readonly key?: string | undefined
  readonly filter?: string | undefined
  readonly 'producer-id'?: number | undefined
  readonly 'control-only'?: boolean | undefined
  readonly control?: boolean | undefined
  readonly limit?: number | undefined
  readonly 'key-format'?: PayloadFormat | undefined
  readonly 'value-format'?: PayloadFormat | undefined
}

/** What `--kind` takes. */
const KINDS: Readonly<Record<string, readonly FileKind[]>> = {
  log: ['log'],
  index: ['index'],
  timeindex: ['timeindex'],
  txnindex: ['txnindex'],
  snapshot: ['snapshot'],
  checkpoint: [
    'leader-epoch-checkpoint',
    'recovery-point-offset-checkpoint',
    'replication-offset-checkpoint',
    'log-start-offset-checkpoint',
    'cleaner-offset-checkpoint',
  ],
  meta: ['meta.properties', 'partition.metadata', '.kafka_cleanshutdown'],
}

export async function dumpOptions(
  names: readonly string[],
  flags: SegmentsDumpFlags,
  nowMs: number,
): Promise<DumpSegmentsOptions> {
  const time = (text: string | undefined) => (text === undefined ? undefined : parseTime(text, nowMs))
  const ofRecords = [flags.key, flags.filter, flags['key-format'], flags['value-format']]
  const isOfRecords = ofRecords.some((one) => one !== undefined)
  return {
    names,
    brokerId: flags.broker,
    kinds: parseKinds(flags.kind ?? []),
    records: flags.records === true || isOfRecords,
    filter: {
      ...offsetsOf(flags),
      fromMs: time(flags['from-time']),
      toMs: time(flags['to-time']),
      producerId: flags['producer-id'],
      control: flags['control-only'] === true ? 'only' : flags.control === false ? 'none' : undefined,
    },
    key: flags.key,
    recordFilter: await loadFilter(flags.filter, nowMs),
    keyFormat: flags['key-format'],
    valueFormat: flags['value-format'],
    limit: flags.limit,
  }
}

function parseKinds(words: readonly string[]): DumpSegmentsOptions['kinds'] {
  const names = words.flatMap((word) => word.split(',')).map((word) => word.trim())
  if (names.length === 0) return ['log']
  if (names.includes('all')) return 'all'
  return names.flatMap((name) => {
    const kinds = KINDS[name]
    if (kinds !== undefined) return kinds
    throw new UsageError(
      `there is no kind '${name}'`,
      `--kind takes all, or some of ${Object.keys(KINDS).join(', ')} with commas between.`,
    )
  })
}

/** `--offset N` is one record; `N:M` is N up to M, which is not part of it. */
function offsetsOf(flags: SegmentsDumpFlags): { fromOffset?: number; toOffset?: number } {
  if (flags.offset === undefined) {
    const { 'from-offset': fromOffset, 'to-offset': toOffset } = flags
    return { ...(fromOffset !== undefined && { fromOffset }), ...(toOffset !== undefined && { toOffset }) }
  }
  const match = /^(\d{1,15})(?::(\d{1,15})?)?$/.exec(flags.offset)
  if (match === null)
    throw new UsageError(
      `'${flags.offset}' is no offset`,
      '--offset takes N, or N:M for N up to M, or N: for all from N on.',
    )
  const fromOffset = Number(match[1])
  if (match[2] !== undefined) return { fromOffset, toOffset: Number(match[2]) }
  return flags.offset.endsWith(':') ? { fromOffset } : { fromOffset, toOffset: fromOffset + 1 }
}
