import { homedir } from 'node:os'
import path from 'node:path'

/** Where kcli keeps what is neither data nor settings: histories, which servers run (XDG base directories). */
export function stateDirectory(env: Readonly<Record<string, string | undefined>>): string {
  const state = env.XDG_STATE_HOME || path.join(env.HOME || homedir(), '.local', 'state')
  return path.join(state, 'kcli')
}
