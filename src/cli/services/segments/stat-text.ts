import type { LogStats } from '../../../inspect/index.ts'
import { type Bar, barLines } from '../../output/chart.ts'
import type { Styles } from '../../output/styles.ts'
import { plural, sizeText, timeText } from '../../output/text.ts'

export interface StatTextOptions {
  readonly styles: Styles
  readonly isTerminal: boolean
  readonly columns: number
}

/** As many as one sees at a glance. */
const LARGEST_SHOWN = 12

/** The sums as lines of a name and a value, and the sizes of batches: bars on a terminal, columns elsewhere. */
export function totalText(stats: LogStats, options: StatTextOptions): string {
  const facts = factsOf(stats)
  const width = Math.max(...facts.map(([name]) => name.length))
  const lines = facts.map(([name, value]) => `${options.styles.bold(name.padEnd(width))}  ${value}\n`)
  if (stats.batches === 0) return `\n${lines.join('')}`
  return `\n${lines.join('')}\n${options.isTerminal ? barsText(stats, options) : columnsText(stats)}`
}

function factsOf(stats: LogStats): [string, string][] {
  const { batches, records } = stats
  const perBatch = batches === 0 ? 0 : records / batches
  const facts: [string, string][] = [
    [
      'records',
      `${records} in ${plural(batches, 'batch', 'batches')}: ${perBatch.toFixed(1)} each, at most ${stats.maxRecordsPerBatch}`,
    ],
    ['bytes', `${sizeText(stats.bytes)} in ${plural(stats.segments, 'segment')}`],
    ...[...stats.codecs].map(([name, codec]): [string, string] => [
      name === 'none' ? 'uncompressed' : name,
      codecText(name, codec),
    ]),
  ]
  const { firstTimestampMs, lastTimestampMs } = stats
  if (firstTimestampMs !== undefined && lastTimestampMs !== undefined)
    facts.push(['times', `${timeText(firstTimestampMs)} to ${timeText(lastTimestampMs)}`])
  if (stats.readRecords > 0) {
    const share = ((100 * stats.keyed) / stats.readRecords).toFixed(1)
    facts.push(['keys', `${share} % of the records; ${plural(stats.tombstones, 'tombstone')}`])
  }
  if (stats.gaps > 0)
    facts.push(['gaps', `${stats.gaps}, with ${plural(stats.missingOffsets, 'offset')} missing`])
  if (stats.producers.size > 0) facts.push(['producers', producersText(stats)])
  if (stats.controlBatches > 0) {
    const kinds =
      stats.commits + stats.aborts > 0
        ? `: ${plural(stats.commits, 'commit')}, ${plural(stats.aborts, 'abort')}`
        : ''
    facts.push(['control batches', `${stats.controlBatches}${kinds}`])
  }
  if (stats.legacyBatches > 0)
    facts.push(['old formats', `${plural(stats.legacyBatches, 'message')} of format 0 or 1`])
  if (stats.unreadable > 0)
    facts.push(['unreadable', `${plural(stats.unreadable, 'batch', 'batches')}: see kcli segments verify`])
  if (stats.trailingBytes > 0)
    facts.push(['no whole batch', `${plural(stats.trailingBytes, 'byte')}: see kcli segments verify`])
  return facts
}

function codecText(
  name: string,
  codec: { batches: number; storedBytes: number; uncompressedBytes: number | undefined },
) {
  const what = plural(codec.batches, 'batch', 'batches')
  const { storedBytes, uncompressedBytes } = codec
  if (name === 'none' || uncompressedBytes === undefined || storedBytes === 0)
    return `${what}, ${sizeText(storedBytes)} of records`
  const ratio = (uncompressedBytes / storedBytes).toFixed(2)
  return `${what}, ${sizeText(uncompressedBytes)} of records in ${sizeText(storedBytes)}: ratio ${ratio}`
}

function producersText(stats: LogStats): string {
  const transactional = [...stats.producers.values()].filter((producer) => producer.isTransactional).length
  const count = `${stats.producers.size}${stats.otherProducers > 0 ? ' or more' : ''}`
  const parts = [
    ...(transactional > 0 ? [`${transactional} transactional`] : []),
    ...(stats.openTransactions > 0 ? [plural(stats.openTransactions, 'open transaction')] : []),
  ]
  return parts.length > 0 ? `${count} (${parts.join(', ')})` : count
}

function barsText(stats: LogStats, options: StatTextOptions): string {
  const bars = stats.sizes.buckets.map(({ fromBytes, count }) => ({
    label: binaryText(fromBytes),
    value: count,
  }))
  return chartText('batch sizes from', bars, options)
}

/** Where the bytes are: the largest logs, for who looks at a terminal. The table has the numbers of all. */
export function largestText(
  logs: readonly { readonly name: string; readonly bytes: number }[],
  options: StatTextOptions,
): string {
  if (!options.isTerminal || logs.length < 2) return ''
  const largest = [...logs].sort((a, b) => b.bytes - a.bytes).slice(0, LARGEST_SHOWN)
  const bars = largest.map(({ name, bytes }) => ({ label: name, value: bytes, text: sizeText(bytes) }))
  return `\n${chartText('largest logs', bars, options)}`
}

function chartText(title: string, bars: readonly Bar[], options: StatTextOptions): string {
  const lines = barLines(bars, options)
  return `${options.styles.bold(title)}\n${lines.map((line) => `${line}\n`).join('')}`
}

function columnsText(stats: LogStats): string {
  const rows = [
    ['FROM-BYTES', 'TO-BYTES', 'BATCHES'],
    ...stats.sizes.buckets.map(({ fromBytes, toBytes, count }) => [fromBytes, toBytes, count].map(String)),
  ]
  return rows
    .map(([from = '', to = '', count = '']) => `${from.padEnd(10)}  ${to.padEnd(10)}  ${count}\n`)
    .join('')
}

/** `512 B`, `16 KiB`: the classes are powers of two. */
function binaryText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  let value = bytes
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${value} ${units[unit]}`
}
