import { ClientError } from '../../net/index.ts'
import type { AssignorName, PartitionAssignor } from './assignor.ts'
import { rangeAssignor } from './range.ts'
import { roundRobinAssignor } from './round-robin.ts'
import { cooperativeStickyAssignor, stickyAssignor } from './sticky.ts'

const FACTORIES: Readonly<Record<AssignorName, () => PartitionAssignor>> = {
  range: rangeAssignor,
  roundrobin: roundRobinAssignor,
  sticky: stickyAssignor,
  'cooperative-sticky': cooperativeStickyAssignor,
}

/** One of Kafka's by its name, for one consumer; or the caller's own. */
export function assignorOf(wanted: AssignorName | PartitionAssignor): PartitionAssignor {
  if (typeof wanted !== 'string') return wanted
  const factory = FACTORIES[wanted]
  if (factory !== undefined) return factory()
  throw new ClientError('KCLI_CONFIG', `there is no assignor '${String(wanted)}'`, {
    retriable: false,
    hint: `There are ${Object.keys(FACTORIES).join(', ')}.`,
  })
}
