import { flag, list, type Output, object, orNull, rows, text, whole } from './build.ts'
import { partitionPlace } from './topics.ts'

const place = { broker: whole(), logDir: text('A folder') }

export const LOG_DIRS: Readonly<Record<string, Output>> = {
  'log-dirs:list': rows(
    object({
      ...place,
      error: orNull(text('Why it cannot be used, such as KAFKA_STORAGE_ERROR')),
      replicas: whole('How many'),
      futureReplicas: whole('Copies on their way from another directory'),
      sizeBytes: whole(),
      usableBytes: orNull(whole('Of the disk; null when the broker does not say')),
      totalBytes: orNull(whole()),
    }),
  ),
  'log-dirs:describe': rows(
    object({
      ...place,
      ...partitionPlace,
      sizeBytes: whole(),
      offsetLag: whole('Behind the high watermark; of a copy on its way, behind the replica'),
      isFuture: flag('A copy on its way from another directory'),
    }),
  ),
  'api-versions': rows(
    object({
      key: whole(),
      name: text("'unknown' when kcli does not know it"),
      brokers: list(whole(), 'That serve these versions'),
      minVersion: whole(),
      maxVersion: whole(),
      kcliMinVersion: orNull(whole('Null when kcli does not know it')),
      kcliMaxVersion: orNull(whole()),
      usedVersion: orNull(whole('That kcli asks with; null when there is none that both know')),
    }),
  ),
}
