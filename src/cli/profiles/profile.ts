import { homedir } from 'node:os'
import path from 'node:path'
import { nearestName } from '../../base/edit-distance.ts'
import { UsageError } from '../exit-codes.ts'

/** A cluster that somebody works with again and again, under a name. */
export interface Profile {
  readonly name: string
  /** `HOST:PORT,…`; a profile has this or `dataDir`, or neither. */
  readonly bootstrapServer: string | undefined
  /** Absolute. */
  readonly dataDir: string | undefined
  /** `HOST:PORT,…/PATH` */
  readonly zookeeper: string | undefined
  /** Whoever destroys something types the profile's name first. */
  readonly isProtected: boolean
  /** Commands that change something are refused. */
  readonly isReadOnly: boolean
  /** Of clients, by Kafka's or librdkafka's names; values may be `env:`, `file:` or `cmd:` references. */
  readonly properties: ReadonlyMap<string, string>
}

/** The profile that is in use, and who said so. */
export interface ActiveProfile extends Profile {
  readonly from: '--profile' | 'KCLI_PROFILE' | 'profile use'
  /** The file that it stands in. */
  readonly file: string
}

/** `-P none`: no profile, whichever is in use otherwise. */
export const NO_PROFILE = 'none'

/** What a profile may have in config.yml. */
export const PROFILE_KEYS = [
  'bootstrap-server',
  'data-dir',
  'zookeeper',
  'protected',
  'read-only',
  'properties',
] as const

/** Throws a {@link UsageError}. */
export function checkProfileName(name: string): void {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(name) && name !== NO_PROFILE) return
  throw new UsageError(
    `'${name}' cannot be the name of a profile`,
    `Names have letters, digits, dots, dashes and underscores; '${NO_PROFILE}' stands for no profile.`,
  )
}

/** What stands under `profiles` in the file, checked. A key that is misspelt might be the one that protects something. */
export function parseProfile(name: string, value: unknown, file: string): Profile {
  const where = `${file}: profile '${name}'`
  if (!isMapping(value)) throw new UsageError(`${where} is not a list of keys and values`, editHint(file))
  for (const key of Object.keys(value)) {
    if (PROFILE_KEYS.some((known) => known === key)) continue
    const nearest = nearestName(key, PROFILE_KEYS)
    throw new UsageError(
      `${where} has the key '${key}', which is not known`,
      nearest === undefined ? `A profile has ${PROFILE_KEYS.join(', ')}.` : `Did you mean ${nearest}?`,
    )
  }
  const text = (key: 'bootstrap-server' | 'data-dir' | 'zookeeper') => {
    const found = value[key]
    if (found === undefined) return undefined
    if (typeof found === 'string' && found !== '') return found
    throw new UsageError(`${where}: ${key} is not a text`, editHint(file))
  }
  const flag = (key: 'protected' | 'read-only') => {
    const found = value[key]
    if (found === undefined || typeof found === 'boolean') return found === true
    throw new UsageError(`${where}: ${key} is neither true nor false`, editHint(file))
  }
  const dataDir = text('data-dir')
  const properties = propertiesOf(value.properties, where, file)
  const bootstrapServer = text('bootstrap-server') ?? properties.get('bootstrap.servers')
  properties.delete('bootstrap.servers')
  if (bootstrapServer !== undefined && dataDir !== undefined) {
    throw new UsageError(
      `${where} has bootstrap-server and data-dir: one of them is too much`,
      editHint(file),
    )
  }
  return {
    name,
    bootstrapServer,
    dataDir: dataDir === undefined ? undefined : fromHome(dataDir, path.dirname(file)),
    zookeeper: text('zookeeper'),
    isProtected: flag('protected'),
    isReadOnly: flag('read-only'),
    properties,
  }
}

function propertiesOf(value: unknown, where: string, file: string): Map<string, string> {
  if (value === undefined || value === null) return new Map()
  if (!isMapping(value)) throw new UsageError(`${where}: properties are not keys and values`, editHint(file))
  return new Map(
    Object.entries(value).map(([key, found]) => {
      if (!['string', 'number', 'boolean'].includes(typeof found))
        throw new UsageError(`${where}: the property ${key} has no plain value`, editHint(file))
      return [key, String(found)]
    }),
  )
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `~/x`, and what is relative to `folder`. */
export function fromHome(text: string, folder = process.cwd()): string {
  return text === '~' || text.startsWith('~/')
    ? path.join(process.env.HOME || homedir(), text.slice(1))
    : path.resolve(folder, text)
}

function editHint(file: string): string {
  return `Put it right in ${file}, or make the profile anew.`
}
