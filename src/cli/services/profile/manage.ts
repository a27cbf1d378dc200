import { nodeFileSystem } from '../../../base/node-file-system.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { profileInUse, unknownProfile } from '../../profiles/active.ts'
import { configFile, stateFile } from '../../profiles/places.ts'
import { NO_PROFILE, type Profile } from '../../profiles/profile.ts'
import { ProfileFile } from '../../profiles/profile-file.ts'
import { shownValue } from '../../profiles/secrets.ts'
import { rememberProfile } from './save.ts'

/** Commands without -P and KCLI_PROFILE use this one from now on; `none` of them. */
export async function selectProfile(context: CommandContext, name: string): Promise<number> {
  if (name === NO_PROFILE) {
    nodeFileSystem.removeSync(stateFile(process.env, process.platform))
    context.out.note('No profile is in use.')
    return EXIT.done
  }
  const profile = await existing(name)
  rememberProfile(name)
  context.out.note(`Profile '${name}' is in use: ${placeText(profile)}.`)
  return EXIT.done
}

export async function listProfiles(context: CommandContext): Promise<number> {
  const file = await load()
  const inUse = nameInUse(context)
  await context.out.view({
    rows: file.names().map((name) => file.get(name) as Profile),
    columns: [
      { header: 'NAME', value: ({ name }) => name },
      { header: 'IN-USE', value: ({ name }) => (name === inUse ? 'yes' : '') },
      { header: 'CLUSTER', value: placeText },
      { header: 'ZOOKEEPER', value: ({ zookeeper }) => zookeeper ?? '', wide: true },
      { header: 'PROTECTED', value: ({ isProtected }) => (isProtected ? 'yes' : '') },
      { header: 'READ-ONLY', value: ({ isReadOnly }) => (isReadOnly ? 'yes' : '') },
      { header: 'PROPERTIES', value: ({ properties }) => properties.size },
    ],
    data: (profile) => profileData(profile, inUse),
    name: ({ name }) => name,
    empty: `There is no profile in ${file.path}. Make one with: kcli profile create NAME --bootstrap-server HOST:PORT`,
  })
  return EXIT.done
}

/** What stands in the file, without the secrets. */
export async function showProfile(context: CommandContext, name: string | undefined): Promise<number> {
  const inUse = nameInUse(context)
  const wanted = name ?? inUse
  if (wanted === undefined) {
    context.out.note('No profile is in use. See which there are with: kcli profile list')
    return EXIT.failed
  }
  const profile = await existing(wanted)
  const line = (label: string, value: string) => `${`${label}:`.padEnd(12)} ${value}\n`
  if (context.out.format === 'name') await context.out.write(`${profile.name}\n`)
  else
    await context.out.object(profileData(profile, inUse), () =>
      [
        line('Profile', `${profile.name}${profile.name === inUse ? ', in use' : ''}`),
        line('File', configFile(process.env, process.platform)),
        line('Cluster', placeText(profile)),
        line('ZooKeeper', profile.zookeeper ?? '-'),
        line('Protected', profile.isProtected ? 'yes: what destroys something asks for its name' : 'no'),
        line('Read-only', profile.isReadOnly ? 'yes: what changes something is refused' : 'no'),
        line('Properties', profile.properties.size === 0 ? '-' : ''),
        ...[...profile.properties].map(([key, value]) => `  ${key} = ${shownValue(key, value)}\n`),
      ].join(''),
    )
  return EXIT.done
}

export async function deleteProfile(context: CommandContext, name: string, yes: boolean): Promise<number> {
  const file = await load()
  if (!file.names().includes(name)) throw unknownProfile(name, file.names(), undefined)
  if (!yes) await context.confirm(`Delete the profile ${name} from ${file.path}?`, '--yes')
  file.set(name, undefined)
  file.save()
  if (profileInUse(process.env, process.platform) === name)
    nodeFileSystem.removeSync(stateFile(process.env, process.platform))
  context.out.note(`Profile '${name}' is deleted.`)
  return EXIT.done
}

function nameInUse({ flags }: CommandContext): string | undefined {
  const name = flags.profile ?? (process.env.KCLI_PROFILE || profileInUse(process.env, process.platform))
  return name === NO_PROFILE ? undefined : name
}

function load(): Promise<ProfileFile> {
  return ProfileFile.load(configFile(process.env, process.platform))
}

async function existing(name: string): Promise<Profile> {
  const file = await load()
  const profile = file.get(name)
  if (profile === undefined) throw unknownProfile(name, file.names(), undefined)
  return profile
}

function placeText({ bootstrapServer, dataDir }: Profile): string {
  return bootstrapServer ?? dataDir ?? 'where the environment says, else the local data directory'
}

function profileData(profile: Profile, inUse: string | undefined) {
  const { name, bootstrapServer, dataDir, zookeeper, isProtected, isReadOnly, properties } = profile
  return {
    name,
    inUse: name === inUse,
    bootstrapServer: bootstrapServer ?? null,
    dataDir: dataDir ?? null,
    zookeeper: zookeeper ?? null,
    protected: isProtected,
    readOnly: isReadOnly,
    properties: Object.fromEntries([...properties].map(([key, value]) => [key, shownValue(key, value)])),
  }
}
