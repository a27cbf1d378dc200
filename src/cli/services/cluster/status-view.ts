import { clockText } from '../../output/clock-text.ts'
import { loadStyles, type Styles } from '../../output/styles.ts'
import { clip } from '../../screen/fit.ts'
import type { BrokerStatus, ClusterSnapshot, PartitionStatus } from './status-snapshot.ts'
import type { ZnodeChange } from './status-znodes.ts'

export interface Screen {
  readonly target: string
  readonly nowMs: number
  readonly snapshot: ClusterSnapshot | undefined
  /** The last ones, the latest first. */
  readonly znodes: readonly ZnodeChange[]
  /** Undefined: as large as it needs to be. */
  readonly rows: number | undefined
  readonly columns: number | undefined
}

const ZNODE_LINES = 8
const LABEL_COLUMNS = 12

/** The lines of the live view, no more and no wider than the screen. */
export async function screenLines(screen: Screen, color: boolean): Promise<string[]> {
  const styles = await loadStyles(color)
  const { snapshot, rows, columns } = screen
  const head = headLines(screen, styles)
  const znodes = znodeLines(screen.znodes.slice(0, rows === undefined ? ZNODE_LINES : rows / 4), styles)
  const room = rows === undefined ? undefined : Math.max(3, rows - head.length - znodes.length - 1)
  const body = snapshot === undefined ? [] : partitionLines(snapshot.partitions, room, styles)
  const lines = [...head, ...body, ...znodes]
  const fitting = rows === undefined ? lines : lines.slice(0, rows - 1)
  return fitting.map((line) => (columns === undefined ? line : clip(line, columns)))
}

function headLines({ target, nowMs, snapshot }: Screen, styles: Styles): string[] {
  const label = (name: string) => styles.bold(`${name}:`.padEnd(LABEL_COLUMNS))
  const first = `${label('Cluster')} ${target}  ${styles.dim(clockText(nowMs))}`
  if (snapshot === undefined) return [first, `${label('State')} ${styles.bad('nobody answers')}`, '']
  const brokers = snapshot.brokers.map((broker, index) => {
    const name = index === 0 ? label('Brokers') : ' '.repeat(LABEL_COLUMNS)
    return `${name} ${brokerText(broker, styles)}`
  })
  return [first, ...brokers, `${label('Partitions')} ${summary(snapshot.partitions, styles)}`, '']
}

function brokerText(broker: BrokerStatus, { good, bad, dim, bold }: Styles): string {
  const { id, address, isController, isRegistered } = broker
  const faults = faultTexts(broker)
  if (!isRegistered) faults.push('not in the cluster')
  return [
    `${id} ${faults.length === 0 ? good('up') : bad(faults.join(', '))}`,
    ...(isController ? [bold('controller')] : []),
    ...(address === null ? [] : [dim(address)]),
  ].join('  ')
}

/** What is not as it should be with a broker, in words. */
export function faultTexts({
  state = 'up',
  cutOffFrom = [],
  isCutOffFromZooKeeper = false,
}: Partial<Pick<BrokerStatus, 'state' | 'cutOffFrom' | 'isCutOffFromZooKeeper'>>): string[] {
  const whom = [...cutOffFrom.map(String), ...(isCutOffFromZooKeeper ? ['ZooKeeper'] : [])]
  const words: string[] = state === 'up' ? [] : [state === 'silent' ? 'no answer' : state]
  if (whom.length > 0) words.push(`cut off from ${whom.join(', ')}`)
  return words
}

function summary(partitions: readonly PartitionStatus[], { bad }: Styles): string {
  const topics = new Set(partitions.map(({ topic }) => topic)).size
  const under = partitions.filter(isUnderReplicated).length
  const leaderless = partitions.filter(({ leader }) => leader < 0).length
  const count = (number: number, text: string) =>
    number > 0 ? bad(`${number} ${text}`) : `${number} ${text}`
  const of = `${partitions.length} in ${topics} ${topics === 1 ? 'topic' : 'topics'}`
  return `${of}, ${count(under, 'under-replicated')}, ${count(leaderless, 'without a leader')}`
}

export function isUnderReplicated({ isr, replicas }: PartitionStatus): boolean {
  return isr.length < replicas.length
}

/** What is not well comes first. Ends with an empty line. */
export function partitionLines(
  partitions: readonly PartitionStatus[],
  room: number | undefined,
  styles: Styles,
): string[] {
  if (partitions.length === 0) return []
  const rank = (each: PartitionStatus) => (each.leader < 0 ? 0 : isUnderReplicated(each) ? 1 : 2)
  const sorted = [...partitions].sort((a, b) => rank(a) - rank(b))
  const isTooMuch = room !== undefined && sorted.length + 2 > room
  const shown = isTooMuch ? sorted.slice(0, Math.max(1, room - 3)) : sorted
  const rows = [HEADERS, ...shown.map(cells)]
  const widths = HEADERS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row, index) => {
    const padded = row.map((cell, column) => (column < LAST ? cell.padEnd(widths[column] ?? 0) : cell))
    if (index === 0) return styles.bold(padded.join('  '))
    const partition = shown[index - 1]
    const isBad = partition !== undefined && rank(partition) < 2
    return padded
      .map((cell, column) => (isBad && (column === LEADER || column === ISR) ? styles.bad(cell) : cell))
      .join('  ')
  })
  const left = sorted.length - shown.length
  return [...lines, ...(left > 0 ? [styles.dim(`and ${left} more, which are no worse`)] : []), '']
}

const HEADERS = ['TOPIC', 'PARTITION', 'LEADER', 'EPOCH', 'ISR', 'HIGH WATERMARK', 'END OFFSETS']
const LEADER = 2
const ISR = 4
const LAST = HEADERS.length - 1

function cells(each: PartitionStatus): string[] {
  const { topic, partition, leader, leaderEpoch, isr, highWatermark, replicas } = each
  return [
    topic,
    String(partition),
    leader < 0 ? 'none' : String(leader),
    String(leaderEpoch),
    `${isr.join(',')}${isUnderReplicated(each) ? ` of ${replicas.map(({ broker }) => broker).join(',')}` : ''}`,
    highWatermark === null ? '-' : String(highWatermark),
    // In one order for all partitions, so that a broker that falls behind is seen as a column.
    [...replicas]
      .sort((a, b) => a.broker - b.broker)
      .map(({ broker, endOffset }) => `${broker}:${endOffset ?? '-'}`)
      .join('  '),
  ]
}

function znodeLines(changes: readonly ZnodeChange[], { bold, dim }: Styles): string[] {
  if (changes.length === 0) return []
  const lines = changes
    .slice(0, ZNODE_LINES)
    .map(({ timeMs, change, path }) => `${dim(clockText(timeMs))}  ${change.padEnd(7)}  ${path}`)
  return [bold('Znodes that changed'), ...lines]
}
