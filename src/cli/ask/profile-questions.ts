import { KcliError } from '../../base/errors.ts'
import type { CommandContext } from '../context.ts'
import { profileInUse } from '../profiles/active.ts'
import { configFile } from '../profiles/places.ts'
import { NO_PROFILE } from '../profiles/profile.ts'
import { ProfileFile } from '../profiles/profile-file.ts'
import type { Choice } from './prompts.ts'

/** One of the profiles there are. */
export async function askForProfile(context: CommandContext): Promise<string[]> {
  return [await context.prompts.pick('Profile', await profiles())]
}

/** The same, or none from now on. */
export async function askForProfileToUse(context: CommandContext): Promise<string[]> {
  const none = { value: NO_PROFILE, note: 'what flags and the environment say, else the local cluster' }
  return [await context.prompts.pick('Profile', [...(await profiles()), none])]
}

async function profiles(): Promise<Choice[]> {
  const file = await ProfileFile.load(configFile(process.env, process.platform))
  if (file.names().length === 0)
    throw new KcliError('KCLI_NO_PROFILES', 'there are no profiles yet', {
      hint: 'Make one with: kcli profile create NAME',
    })
  const inUse = profileInUse(process.env, process.platform)
  return file.names().map((name) => {
    const { bootstrapServer, dataDir } = file.get(name) ?? {}
    const place = bootstrapServer ?? dataDir ?? ''
    return { value: name, note: name === inUse ? `${place} (in use)` : place }
  })
}
