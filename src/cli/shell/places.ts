import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import { configFile, type Env } from '../profiles/places.ts'
import { stateDirectory } from '../state-directory.ts'

/** What `set` was told in earlier sessions, beside the profiles. */
export function settingsFile(env: Env, platform: string): string {
  return path.join(path.dirname(configFile(env, platform)), 'shell.kcli')
}

/** Commands that every session begins with: `KCLI_RC`, else `~/.kclirc`. */
export function startFile(env: Env): string {
  return env.KCLI_RC || path.join(env.HOME || homedir(), '.kclirc')
}

/** A history for each target: lines that were meant for one cluster are not to be taken for another by accident. */
export function historyFile(env: Env, { name, target }: { name: string; target: string }): string {
  if (env.KCLI_HISTORY_FILE) return env.KCLI_HISTORY_FILE
  const safe = name.replaceAll(/[^\w.-]/g, '_').slice(0, 40)
  const hash = createHash('sha256').update(target).digest('hex').slice(0, 8)
  return path.join(stateDirectory(env), 'history', `${safe}-${hash}`)
}
