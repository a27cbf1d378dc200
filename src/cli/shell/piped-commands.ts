import { quoted } from '../../base/shell-word.ts'
import type { GlobalFlags } from '../base-command.ts'

/**
 * Behind a pipe stands a line of the system's shell. These two words are kcli there as well, on the session's target:
 * `consume a -o ndjson | produce b --input ndjson`.
 */
export function withKcli(commandLine: string, platform: string = process.platform): string {
  if (platform === 'win32') return commandLine
  const kcli = [process.execPath, process.argv[1] ?? ''].map(quoted).join(' ')
  return `kcli() { ${kcli} "$@"; }; produce() { kcli produce "$@"; }; ${commandLine}`
}

/** What makes kcli, called there, work on the same target. */
export function placeOf(flags: GlobalFlags): Record<string, string | undefined> {
  const { 'bootstrap-server': brokers, 'data-dir': dataDir, profile } = flags
  return {
    ...(profile !== undefined && { KCLI_PROFILE: profile }),
    ...(brokers !== undefined && { KCLI_BOOTSTRAP_SERVER: brokers }),
    ...(dataDir !== undefined && { KCLI_DATA_DIR: dataDir, KCLI_BOOTSTRAP_SERVER: undefined }),
  }
}
