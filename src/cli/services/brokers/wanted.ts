import { KcliError } from '../../../base/errors.ts'
import type { Admin, BrokerNode } from '../../../client/index.ts'

/** The brokers with these ids, or all when none is named, by id. Throws for one that is not up. */
export async function wantedBrokers(admin: Admin, ids: readonly number[]): Promise<readonly BrokerNode[]> {
  const { brokers } = await admin.describeCluster()
  const missing = ids.find((id) => !brokers.some((broker) => broker.id === id))
  if (missing !== undefined) {
    throw new KcliError('KCLI_UNKNOWN_BROKER', `there is no broker ${missing}, or it is down`, {
      hint: 'See which there are with: kcli brokers list',
    })
  }
  return brokers.filter(({ id }) => ids.length === 0 || ids.includes(id))
}
