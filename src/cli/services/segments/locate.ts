import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { type Located, locate } from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'
import { defaultDataDir } from '../../target.ts'

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
  const given = flags['data-dir'] ?? process.env.KCLI_DATA_DIR
  const dataDir = given || defaultDataDir(process.env, process.platform)
  return locate(nodeFileSystem, { names: selection.names, dataDir, brokerId: selection.brokerId })
}

/** `1.2 MB`, in powers of 1000. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** RFC 3339; nothing where there is no time, or one that no calendar has. */
export function timeText(timestampMs: number | undefined): string {
  const time = new Date(timestampMs ?? Number.NaN)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}

/** Messages quote what is in files, and files may hold anything: nothing of that moves the cursor. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD')
}
