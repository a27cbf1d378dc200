import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { sizeText } from '../../output/text.ts'
import { brokerFacts, sizeBytes } from './facts.ts'

/** The brokers that are up, and what each of them carries. */
export async function listBrokers(context: CommandContext): Promise<number> {
  await context.out.view({
    rows: await brokerFacts(context),
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
  return EXIT.done
}
