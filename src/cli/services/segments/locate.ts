import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { type Located, locate } from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { chooseDataDir } from '../../target.ts'

export interface FileSelection {
  /** Files, folders, globs, `TOPIC-N`; none means all of the data directory. */
  readonly names: readonly string[]
  readonly brokerId: number | undefined
}

/** The files that the arguments mean. Nothing is started and nothing is asked of a broker. */
export function locateFiles(context: CommandContext, selection: FileSelection): Located {
  const { flags } = context
  if (flags['bootstrap-server'] !== undefined) {
    throw new UsageError(
      'this command reads files and asks no broker, so it has no use for --bootstrap-server',
      'Name files or folders, or a data directory with --data-dir.',
    )
  }
  const { dataDir } = chooseDataDir(flags, process.env)
  return locate(nodeFileSystem, { names: selection.names, dataDir, brokerId: selection.brokerId })
}
