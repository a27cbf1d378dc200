import path from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import { readMetaEntries } from '../../storage/index.ts'
import type { LocatedFile } from '../locate.ts'
import { type LogDirState, OFFSET_CHECKPOINTS } from '../log-dir-state.ts'
import { ADVICE } from './advice.ts'
import type { Findings, Severity } from './finding.ts'

/** Files that a broker leaves in a log directory beside those with a format. */
const EXPECTED = /^(\.lock(\.owner.*)?|.*\.tmp|lost\+found)$/

/** The files of a log directory that belong to no single partition. `partitions` has the directories that are there. */
export function checkLogDir(
  fs: FileSystem,
  state: LogDirState,
  files: readonly LocatedFile[],
  partitions: ReadonlySet<string>,
  findings: Findings,
): void {
  const add = (severity: Severity, check: string, at: string, reason: string, advice: string) =>
    findings.add({ severity, check, path: at, reason, advice })
  for (const [name, reason] of state.damaged) {
    const at = path.join(state.path, name)
    const advice = 'kcli segments repair takes the file away: the broker then looks at the logs themselves.'
    const fix = { kind: 'remove-checkpoint', path: at } as const
    findings.add({ severity: 'error', check: 'checkpoint', path: at, reason, advice, fix })
  }
  for (const name of OFFSET_CHECKPOINTS) {
    const missing = [...(state.checkpoints.get(name)?.keys() ?? [])].filter((key) => !partitions.has(key))
    if (missing.length === 0) continue
    const reason = `it names ${missing.length === 1 ? `${missing[0]}, which has no directory` : listed(missing)}`
    add('note', 'checkpoint-unknown', path.join(state.path, name), reason, ADVICE.none)
  }
  checkMeta(fs, state.path, add)
  for (const file of files) {
    if (file.kind !== 'other' || EXPECTED.test(file.name)) continue
    add('note', 'foreign-file', file.path, 'this is no file of a Kafka log directory', ADVICE.foreign)
  }
}

function checkMeta(
  fs: FileSystem,
  logDir: string,
  add: (severity: Severity, check: string, at: string, reason: string, advice: string) => void,
): void {
  const entries = readMetaEntries(fs, logDir)
  if (entries === null) return
  const at = path.join(logDir, 'meta.properties')
  const advice = 'Copy it from another log directory of the same broker, or write it by hand.'
  const version = entries.get('version')
  const idName = version === '1' ? 'node.id' : 'broker.id'
  if (version !== '0' && version !== '1')
    add('error', 'meta-properties', at, `version is '${version ?? ''}', not 0 or 1`, advice)
  else if (!/^\d+$/.test(entries.get(idName) ?? '')) {
    add('error', 'meta-properties', at, `${idName} is '${entries.get(idName) ?? ''}', no number`, advice)
  } else if (!entries.get('cluster.id')) {
    add(
      'warning',
      'meta-properties',
      at,
      'there is no cluster.id: any cluster may take the directory',
      advice,
    )
  }
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  const rest = names.length > 3 ? ` and ${names.length - 3} more` : ''
  return `${shown}${rest}, which have no directories`
}
