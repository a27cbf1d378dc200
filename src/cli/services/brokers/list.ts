import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { barLines } from '../../output/chart.ts'
import { loadStyles } from '../../output/styles.ts'
import { sizeText } from '../../output/text.ts'
import { type BrokerFacts, brokerFacts, sizeBytes } from './facts.ts'

const DEFAULT_COLUMNS = 80

/** The brokers that are up, and what each of them carries. */
export async function listBrokers(context: CommandContext): Promise<number> {
  const rows = await brokerFacts(context)
  await context.out.view({
    rows,
    columns: [
      { header: 'ID', value: ({ id }) => id },
      { header: 'ADDRESS', value: ({ address }) => address ?? '' },
      { header: 'RACK', value: ({ rack }) => rack ?? '' },
      { header: 'CONTROLLER', value: ({ isController }) => (isController ? 'yes' : '') },
      { header: 'LEADERS', value: ({ leaders }) => leaders },
      { header: 'REPLICAS', value: ({ replicas }) => replicas },
      { header: 'OUT-OF-SYNC', value: ({ outOfSync }) => outOfSync },
      {
        header: 'SIZE',
        value: ({ logDirs, silence }) => (silence === null ? sizeText(sizeBytes(logDirs)) : ''),
        raw: ({ logDirs, silence }) => (silence === null ? sizeBytes(logDirs) : ''),
      },
      {
        header: 'LOG-DIRS',
        value: ({ logDirs }) => logDirs.map(({ logDir }) => logDir).join(','),
        wide: true,
      },
    ],
    data: ({ id, address, rack, isController, leaders, replicas, outOfSync, logDirs, silence }) => ({
      id,
      address,
      rack,
      isController,
      leaders,
      replicas,
      outOfSyncReplicas: outOfSync,
      sizeBytes: silence === null ? sizeBytes(logDirs) : null,
      logDirs: logDirs.map(({ logDir }) => logDir),
    }),
    name: ({ id }) => String(id),
    empty: 'No broker is up.',
  })
  await showLeaders(context, rows)
  return EXIT.done
}

/** Whether the work is shared out, at a glance. The table has the numbers: what reads it needs no drawing. */
async function showLeaders({ out, terminal }: CommandContext, rows: readonly BrokerFacts[]): Promise<void> {
  if (out.isData || !out.sink.isTerminal || rows.length < 2) return
  const styles = await loadStyles(terminal.color)
  const bars = rows.map(({ id, leaders }) => ({ label: String(id), value: leaders }))
  const lines = barLines(bars, { columns: terminal.columns ?? DEFAULT_COLUMNS, styles })
  await out.write(`\n${styles.bold('leaders')}\n${lines.map((line) => `${line}\n`).join('')}`)
}
