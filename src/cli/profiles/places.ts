import { homedir } from 'node:os'
import path from 'node:path'

export type Env = Readonly<Record<string, string | undefined>>

/** Where profiles are kept: `$KCLI_CONFIG`, else `config.yml` where the system has such files. */
export function configFile(env: Env, platform: string): string {
  if (env.KCLI_CONFIG) return path.resolve(env.KCLI_CONFIG)
  const home = env.HOME || homedir()
  if (env.XDG_CONFIG_HOME) return path.join(env.XDG_CONFIG_HOME, 'kcli', 'config.yml')
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'kcli', 'config.yml')
  if (platform === 'win32')
    return path.join(env.APPDATA || path.join(home, 'AppData', 'Roaming'), 'kcli', 'config.yml')
  return path.join(home, '.config', 'kcli', 'config.yml')
}

/** Which profile is in use is not a setting that anybody would copy with the file, so it has a file of its own beside it. */
export function stateFile(env: Env, platform: string): string {
  return `${configFile(env, platform)}.current`
}
