import path from 'node:path'
import { writePrivateFile } from '../../../base/private-file.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { configFile, stateFile } from '../../profiles/places.ts'
import { checkProfileName } from '../../profiles/profile.ts'
import { ProfileFile } from '../../profiles/profile-file.ts'
import { checkedProperties, plainSecrets, readClientFile } from '../../profiles/property-input.ts'
import { parseAddresses } from '../../target.ts'

export interface CreateProfileOptions {
  readonly name: string
  readonly bootstrapServer: string | undefined
  readonly dataDir: string | undefined
  readonly zookeeper: string | undefined
  /** Of the command line; they win over the file. */
  readonly properties: ReadonlyMap<string, string>
  /** A property file of a client. */
  readonly from: string | undefined
  readonly isProtected: boolean
  readonly isReadOnly: boolean
  readonly use: boolean
}

/** Writes a new profile into config.yml. */
export async function createProfile(context: CommandContext, options: CreateProfileOptions): Promise<number> {
  const { name, dataDir, zookeeper } = options
  checkProfileName(name)
  const file = await ProfileFile.load(configFile(process.env, process.platform))
  if (file.names().includes(name)) {
    throw new UsageError(
      `there is a profile '${name}' already`,
      `Look at it with: kcli profile show ${name}. Take it away with: kcli profile delete ${name}`,
    )
  }
  const warn = (message: string) => context.out.warn(message)
  const given = new Map([
    ...(options.from === undefined ? [] : readClientFile(options.from, '--from')),
    ...options.properties,
  ])
  const properties = checkedProperties(given, warn)
  const inFile = dataDir === undefined ? takeAddresses(properties) : undefined
  const bootstrapServer = options.bootstrapServer ?? inFile
  if (bootstrapServer !== undefined) parseAddresses(bootstrapServer, 'the profile')
  file.set(name, {
    ...(bootstrapServer !== undefined && { 'bootstrap-server': bootstrapServer }),
    ...(dataDir !== undefined && { 'data-dir': path.resolve(dataDir) }),
    ...(zookeeper !== undefined && { zookeeper }),
    ...(options.isProtected && { protected: true }),
    ...(options.isReadOnly && { 'read-only': true }),
    ...(properties.size > 0 && { properties: Object.fromEntries(properties) }),
  })
  file.save()
  tellOfSecrets(context, file.path, properties)
  if (options.use) rememberProfile(name)
  context.out.note(
    options.use
      ? `Profile '${name}' is made and in use.`
      : `Profile '${name}' is made. Use it with: kcli profile use ${name}`,
  )
  return EXIT.done
}

/** Puts the properties of a file into a profile, which is made when it is not there. */
export async function importProfile(context: CommandContext, name: string, from: string): Promise<number> {
  checkProfileName(name)
  const file = await ProfileFile.load(configFile(process.env, process.platform))
  const isNew = !file.names().includes(name)
  const properties = checkedProperties(readClientFile(from, 'to be imported'), (message) =>
    context.out.warn(message),
  )
  if (properties.size === 0) {
    throw new UsageError(
      `${from} has no configuration of a client`,
      'It has lines such as bootstrap.servers=HOST:PORT.',
    )
  }
  const addresses = takeAddresses(properties)
  if (isNew) file.set(name, {})
  if (addresses !== undefined) {
    parseAddresses(addresses, from)
    file.setKey(name, 'bootstrap-server', addresses)
  }
  for (const [key, value] of properties) file.setProperty(name, key, value)
  file.save()
  tellOfSecrets(context, file.path, properties)
  const count = properties.size + (addresses === undefined ? 0 : 1)
  context.out.note(
    isNew
      ? `Profile '${name}' is made with ${count} ${count === 1 ? 'setting' : 'settings'} of ${from}. Use it with: kcli profile use ${name}`
      : `Profile '${name}' has ${count} ${count === 1 ? 'setting' : 'settings'} of ${from} now.`,
  )
  return EXIT.done
}

/** `profile use`. */
export function rememberProfile(name: string): void {
  writePrivateFile(stateFile(process.env, process.platform), `${name}\n`, { sync: true })
}

/** Where to connect has a key of its own. */
function takeAddresses(properties: Map<string, string>): string | undefined {
  const names = ['bootstrap.servers', 'metadata.broker.list']
  const found = names.map((name) => properties.get(name)).find((addresses) => addresses !== undefined)
  for (const name of names) properties.delete(name)
  return found || undefined
}

function tellOfSecrets(context: CommandContext, file: string, properties: ReadonlyMap<string, string>): void {
  const names = plainSecrets(properties)
  if (names.length === 0) return
  context.out.warn(
    `${names.join(', ')} stands in ${file} as it is; env:NAME, file:PATH or cmd:COMMAND in its place would keep it elsewhere`,
  )
}
