import type { LogDirDescription } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { sizeText } from '../../output/text.ts'
import { dirBytes } from '../brokers/facts.ts'
import { askForLogDirs } from './ask-brokers.ts'

export interface ListLogDirsOptions {
  /** All when empty. */
  readonly brokers: readonly number[]
  /** The fullest first, in place of the order of the brokers. */
  readonly bySize: boolean
}

/** The log directories of the brokers: how much is in them, and what room is left on their disks. */
export async function listLogDirs(
  context: CommandContext,
  { brokers, bySize }: ListLogDirsOptions,
): Promise<number> {
  const { logDirs, exitCode } = await askForLogDirs(context, brokers)
  await context.out.view({
    rows: bySize ? [...logDirs].sort((a, b) => dirBytes(b) - dirBytes(a)) : logDirs,
    columns: [
      { header: 'BROKER', value: ({ broker }) => broker },
      { header: 'DIRECTORY', value: ({ logDir }) => logDir },
      { header: 'STATE', value: ({ error }) => (error === null ? 'ok' : error.errorName) },
      { header: 'REPLICAS', value: (dir) => replicasIn(dir) },
      { header: 'SIZE', value: (dir) => sizeText(dirBytes(dir)), raw: dirBytes },
      {
        header: 'FREE',
        value: (dir) => roomText(dir.usableBytes),
        raw: (dir) => known(dir.usableBytes) ?? '',
      },
      { header: 'DISK', value: (dir) => roomText(dir.totalBytes), raw: (dir) => known(dir.totalBytes) ?? '' },
      { header: 'COMING', value: comingTo, wide: true },
    ],
    data: (dir) => ({
      broker: dir.broker,
      logDir: dir.logDir,
      error: dir.error?.errorName ?? null,
      replicas: replicasIn(dir),
      futureReplicas: comingTo(dir),
      sizeBytes: dirBytes(dir),
      usableBytes: known(dir.usableBytes),
      totalBytes: known(dir.totalBytes),
    }),
    name: ({ logDir }) => logDir,
    empty: 'No broker told of a log directory.',
  })
  return exitCode
}

function replicasIn({ partitions }: LogDirDescription): number {
  return partitions.filter(({ isFuture }) => !isFuture).length
}

/** Copies on their way from another directory. */
function comingTo({ partitions }: LogDirDescription): number {
  return partitions.filter(({ isFuture }) => isFuture).length
}

/** Brokers before 3.3 do not tell how large a disk is (KIP-827). */
function known(bytes: number): number | null {
  return bytes < 0 ? null : bytes
}

function roomText(bytes: number): string {
  return bytes < 0 ? '' : sizeText(bytes)
}
