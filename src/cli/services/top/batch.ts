import { sleep } from '../../../base/clock.ts'
import { KcliError } from '../../../base/errors.ts'
import type { CommandContext } from '../../context.ts'
import { clockText } from '../../output/clock-text.ts'
import { RowStream } from '../../output/row-stream.ts'
import { untilAborted } from '../../until-aborted.ts'
import { dataOf } from './data.ts'
import type { Look } from './look.ts'
import { TABLES, TABS, type Tab, tableOf } from './tables.ts'
import { Trends } from './trends.ts'
import { type TopView, viewOf } from './view.ts'

export interface BatchTopOptions {
  readonly look: () => Promise<Look | undefined>
  readonly intervalMs: number
  /** So many times. */
  readonly count: number
  /** Only this list; all when undefined. */
  readonly tab: Tab | undefined
}

/** Writes what there is `count` times. Rates need two looks, so the first one comes after an interval. */
export async function runBatchTop(
  context: CommandContext,
  { look, intervalMs, count, tab }: BatchTopOptions,
): Promise<undefined> {
  const { clock, signal } = context
  const interrupted = untilAborted(signal)
  let before = await seen(look)
  for (let written = 0; written < count; written++) {
    const leftMs = before.atMs + intervalMs - clock.monotonicMs()
    await Promise.race([sleep(clock, Math.max(0, leftMs)), interrupted])
    if (signal.aborted) return undefined
    const now = await seen(look)
    const view = viewOf(before, now)
    await write(context, view, { tab, isFirst: written === 0 })
    before = now
  }
  return undefined
}

async function seen(look: BatchTopOptions['look']): Promise<Look> {
  const found = await look()
  if (found !== undefined) return found
  throw new KcliError('KCLI_UNREACHABLE', 'no broker answers any more', {
    hint: 'Look at the brokers, or wait for them with: kcli cluster wait',
  })
}

interface WriteOptions {
  readonly tab: Tab | undefined
  readonly isFirst: boolean
}

async function write(context: CommandContext, view: TopView, options: WriteOptions): Promise<void> {
  const { out } = context
  const { tab } = options
  if (out.format === 'json' || out.format === 'ndjson' || out.format === 'yaml')
    return await out.object(dataOf(view, tab), () => '')
  for (const problem of view.problems) out.warn(problem)
  await writeTables(context, view, options)
}

async function writeTables(
  { out, flags, terminal, clock }: CommandContext,
  view: TopView,
  { tab, isFirst }: WriteOptions,
): Promise<void> {
  let text = ''
  const trends = new Trends()
  const stream = await RowStream.open({
    format: out.format,
    headers: flags.headers !== false,
    color: terminal.color,
    out: (part) => {
      text += part
    },
  })
  const isTable = !out.isData
  if (isTable && !isFirst) text += '\n'
  if (isTable) text += `${clockText(clock.nowMs())}\n\n`
  for (const name of tab === undefined ? TABS : [tab]) {
    const table = tableOf(name)
    const rows = table.rows(view)
    if (rows.length === 0 && (name === 'znodes' || !isTable)) continue
    if (tab === undefined) stream.part(TABLES[name].title)
    if (rows.length === 0 && isTable) text += `${table.empty(view)}\n`
    // Small charts are for who watches them grow.
    const columns = table.columns.flatMap(({ header, text: show, value }) =>
      value === undefined
        ? []
        : { header, value: (row: unknown) => (isTable ? show(row, trends) : (value(row) ?? '')) },
    )
    for (const row of rows) stream.add({ columns, data: (each) => each, name: table.key }, row)
  }
  stream.finish()
  await out.write(text)
}
