import path from 'node:path'
import { type Change, type ConnectEvent, NOT_WAITED_FOR, type Note, type RequestEvent } from './events.ts'

/** What people read: the requests in order, then what became different. */
export function explanationText(
  exchanges: readonly (ConnectEvent | RequestEvent)[],
  changes: readonly Change[] | undefined,
  notes: readonly Note[],
): string {
  return [
    '\nRequests, in order:\n',
    ...(exchanges.length === 0
      ? ['  None went to a broker.\n']
      : table(collapsed(exchanges).map(exchangeCells))),
    ...(changes === undefined ? [] : ['\nWhat changed in the cluster:\n', ...changeLines(changes)]),
    ...notes.map(({ message }) => `${message}\n`),
  ].join('')
}

/** Several of the same kind in a row, such as the fetches of a long read. */
interface Run {
  readonly kind: string
  readonly first: ConnectEvent | RequestEvent
  count: number
  requestBytes: number
  responseBytes: number
  elapsedMs: number
}

/** What a stream consists of; between brokers it takes turns. */
const STREAMS: ReadonlySet<string> = new Set(['Produce', 'Fetch', 'Heartbeat'])
const LOOK_BACK = 16

function collapsed(exchanges: readonly (ConnectEvent | RequestEvent)[]): Run[] {
  const runs: Run[] = []
  for (const event of exchanges) {
    const kind = kindOf(event)
    const isStream = event.event === 'request' && STREAMS.has(event.api)
    let run = runs.slice(isStream ? -LOOK_BACK : -1).find((each) => each.kind === kind)
    if (run === undefined) {
      run = { kind, first: event, count: 0, requestBytes: 0, responseBytes: 0, elapsedMs: 0 }
      runs.push(run)
    }
    run.count++
    run.elapsedMs += event.elapsedMs ?? 0
    if (event.event === 'request') {
      run.requestBytes += event.requestBytes
      run.responseBytes += event.responseBytes ?? 0
    }
  }
  return runs
}

function kindOf(event: ConnectEvent | RequestEvent): string {
  if (event.event === 'connect') return `${event.number}`
  const { api, broker, address, error, errorCodes } = event
  const isAnswered = event.elapsedMs !== null
  // How many records come and go differs from one to the next.
  const answer = STREAMS.has(api) && event.answer !== NOT_WAITED_FOR ? '' : event.answer
  return [api, broker ?? address, withoutNumbers(event), answer, error, isAnswered, ...errorCodes].join('\t')
}

function withoutNumbers({ api, asked }: RequestEvent): string {
  if (!STREAMS.has(api)) return asked
  return asked.replace(/\d+ records? /, 'records ').replaceAll(/ from \d+/g, '')
}

function exchangeCells({ first, count, requestBytes, responseBytes, elapsedMs }: Run): string[] {
  const who = first.broker === null ? first.address : `broker ${first.broker}`
  const took = first.elapsedMs === null ? 'no answer yet' : `${elapsedMs.toFixed(1)} ms`
  if (first.event === 'connect') return [`${first.number}`, who, 'connect', problemOf(first), '', took]
  const { api, version, answer, responseBytes: answered } = first
  const asked = count > 1 ? withoutNumbers(first) : first.asked
  const outcome = [count > 1 ? `${count} times` : answer, problemOf(first)].filter((part) => part).join('; ')
  const bytes = `${requestBytes} B out${answered === null ? '' : `, ${responseBytes} B in`}`
  return [
    `${first.number}`,
    who,
    `${api} ${version}`,
    `${asked}${outcome === '' ? '' : ` → ${outcome}`}`,
    bytes,
    took,
  ]
}

function problemOf(event: ConnectEvent | RequestEvent): string {
  const codes = event.event === 'request' ? event.errorCodes.join(', ') : ''
  const attempt = event.event === 'request' && event.attempt > 1 ? `attempt ${event.attempt}` : ''
  return [codes, event.error ?? '', attempt].filter((part) => part !== '').join('; ')
}

function changeLines(changes: readonly Change[]): string[] {
  if (changes.length === 0) return ['  Nothing.\n']
  return table(withReplicasTogether(changes))
}

/** The same in several replicas is one line. */
function withReplicasTogether(changes: readonly Change[]): string[][] {
  const lines = new Map<string, { readonly cells: string[]; readonly brokers: number[] }>()
  for (const change of changes) {
    const cells = changeCells(change)
    const key = cells.join('\t')
    const line = lines.get(key) ?? { cells, brokers: [] }
    lines.set(key, line)
    if ('broker' in change) line.brokers.push(change.broker)
  }
  return [...lines.values()].map(({ cells, brokers }) => [...cells, brokersText(brokers)])
}

function brokersText(brokers: readonly number[]): string {
  if (brokers.length === 0) return ''
  return `${brokers.length === 1 ? 'broker' : 'brokers'} ${brokers.toSorted((a, b) => a - b).join(', ')}`
}

function changeCells(change: Change): string[] {
  const place = 'topic' in change ? `${change.topic}-${change.partition}` : change.path
  switch (change.event) {
    case 'append': {
      const last = change.endOffset - 1
      const offsets =
        change.firstOffset === last ? `offset ${last}` : `offsets ${change.firstOffset} to ${last}`
      return ['log', place, `${offsets}, ${change.bytes} bytes in ${path.basename(change.file)}`]
    }
    case 'index':
      return [
        'index',
        place,
        `${change.entries} more ${change.entries === 1 ? 'entry' : 'entries'} in ${path.basename(change.file)}`,
      ]
    case 'segment':
      return ['segment', place, `${path.basename(change.file)} ${change.change}`]
    case 'high-watermark':
      return ['high watermark', place, `${change.from} → ${change.to}`]
    case 'isr':
      return ['in sync', place, `${change.from.join(',')} → ${change.to.join(',')}`]
    case 'replicas':
      return ['replicas', place, `${change.from.join(',')} → ${change.to.join(',')}`]
    case 'leader':
      return [
        'leader',
        place,
        `${leaderText(change.from)} → ${leaderText(change.to)}, epoch ${change.fromEpoch} → ${change.toEpoch}`,
      ]
    case 'partition':
      return change.change === 'deleted'
        ? ['partition', place, 'deleted']
        : [
            'partition',
            place,
            `created, leader ${leaderText(change.leader)}, replicas ${change.replicas.join(',')}`,
          ]
    case 'znode':
      return ['znode', place, change.change]
  }
}

function leaderText(leader: number): string {
  return leader < 0 ? 'none' : String(leader)
}

/** Two spaces between columns, none behind the last. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.min(Math.max(widths[i] ?? 0, cell.length), 60)
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
  )
}
