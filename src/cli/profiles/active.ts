import { nearestName } from '../../base/edit-distance.ts'
import { systemErrorCode } from '../../base/errors.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import type { GlobalFlags } from '../base-command.ts'
import { UsageError } from '../exit-codes.ts'
import { configFile, type Env, stateFile } from './places.ts'
import type { ActiveProfile } from './profile.ts'

interface Choice {
  readonly name: string
  readonly from: ActiveProfile['from']
}

/**
 * The flags with the profile that is in use: of `-P`, else of KCLI_PROFILE, else of `profile use`. Where none is, it costs
 * one look for the file that would name it.
 */
export async function withProfile<T extends GlobalFlags>(
  flags: T,
  env: Env,
  platform: string = process.platform,
): Promise<T> {
  const { activeProfile } = flags
  // A shell hands its own on to its commands, unless they name another one.
  if (activeProfile !== undefined && [undefined, activeProfile.name].includes(flags.profile)) return flags
  const choice = chosenProfile(flags, env, platform)
  if (choice === undefined)
    return activeProfile === undefined ? flags : { ...flags, activeProfile: undefined }
  return { ...flags, activeProfile: await loadProfile(choice, configFile(env, platform)) }
}

function chosenProfile(flags: GlobalFlags, env: Env, platform: string): Choice | undefined {
  const choice = namedProfile(flags, env, platform)
  return choice === undefined || choice.name === 'none' ? undefined : choice
}

function namedProfile(flags: GlobalFlags, env: Env, platform: string): Choice | undefined {
  if (flags.profile !== undefined) return { name: flags.profile, from: '--profile' }
  if (env.KCLI_PROFILE) return { name: env.KCLI_PROFILE, from: 'KCLI_PROFILE' }
  const name = profileInUse(env, platform)
  return name === undefined ? undefined : { name, from: 'profile use' }
}

/** What `profile use` wrote down. */
export function profileInUse(env: Env, platform: string): string | undefined {
  try {
    return readTextFile(stateFile(env, platform)).trim() || undefined
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    // Nothing is in use where nothing can be read; a profile that protects something can be named with -P.
    return undefined
  }
}

async function loadProfile(choice: Choice, path: string): Promise<ActiveProfile> {
  const { ProfileFile } = await import('./profile-file.ts')
  const file = await ProfileFile.load(path)
  const profile = file.get(choice.name)
  if (profile === undefined) throw unknownProfile(choice.name, file.names(), choice.from)
  return { ...profile, from: choice.from, file: path }
}

export function unknownProfile(
  name: string,
  names: readonly string[],
  from: ActiveProfile['from'] | undefined,
): UsageError {
  const who =
    from === undefined || from === '--profile'
      ? ''
      : from === 'profile use'
        ? ', and it is in use'
        : ` (${from})`
  const nearest = nearestName(name, names)
  const leave = from === 'profile use' ? ' To use none: kcli profile use none' : ''
  if (names.length === 0)
    return new UsageError(
      `there is no profile '${name}'${who}`,
      leave.trim() || `Make it with: kcli profile create ${name}`,
    )
  return new UsageError(
    `there is no profile '${name}'${who}`,
    nearest === undefined ? `There are: ${names.join(', ')}.${leave}` : `Did you mean '${nearest}'?${leave}`,
  )
}

/** For prompts: the profile that is in use, and whether a mistake would be dear. */
export function profilePromptName(
  flags: GlobalFlags,
): { readonly name: string; readonly isProtected: boolean } | undefined {
  const { activeProfile } = flags
  return activeProfile === undefined
    ? undefined
    : { name: activeProfile.name, isProtected: activeProfile.isProtected }
}
