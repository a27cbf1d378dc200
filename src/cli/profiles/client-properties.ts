import { ConfigError } from '../../base/config-def.ts'
import { nearestName } from '../../base/edit-distance.ts'
import { type ClientSettings, knownProperties, ownPropertyNames, sharedSettings } from '../../client/index.ts'
import type { GlobalFlags } from '../base-command.ts'
import { parseKeyValues, readProperties } from '../console/properties.ts'
import {
  fromLibrdkafka,
  isWithoutMeaning,
  LOGIN_NAMES,
  librdkafkaNames,
  withLogin,
} from './librdkafka-names.ts'
import type { Env } from './places.ts'
import { resolveReference } from './secrets.ts'

/** A property of clients as somebody gave it, under Kafka's name. */
export interface Given {
  readonly value: string
  /** For people: `-X`, `--command-config FILE`, `profile NAME`. */
  readonly source: string
}

interface Layer {
  readonly source: string
  readonly properties: ReadonlyMap<string, string>
}

/** The lowest first. */
function layersOf(flags: GlobalFlags): Layer[] {
  const { activeProfile, 'command-config': file, 'command-property': words } = flags
  const layers: Layer[] = []
  if (activeProfile !== undefined)
    layers.push({
      source: `profile ${activeProfile.name}`,
      properties: activeProfile.properties,
    })
  if (file !== undefined)
    layers.push({
      source: `--command-config ${file}`,
      properties: readProperties(file, '--command-config'),
    })
  if (words !== undefined) layers.push({ source: '-X', properties: parseKeyValues(words, '-X') })
  return layers
}

/**
 * What is said of clients, by Kafka's names: `-X` over the property file over the profile. Nothing is resolved. `onUnknown` is
 * told of names that no client has.
 */
export function givenProperties(
  flags: GlobalFlags,
  onUnknown: (message: string) => void = () => undefined,
): Map<string, Given> {
  const given = new Map<string, Given>()
  const layers = layersOf(flags)
  if (layers.length === 0) return given
  const known = knownProperties()
  for (const { source, properties } of layers) {
    for (const [name, value] of properties) {
      const problem = nameProblem(name, value, known)
      if (problem !== undefined) {
        onUnknown(`${source}: ${problem}`)
        continue
      }
      for (const [kafkaName, text] of Object.entries(fromLibrdkafka(name, value) ?? { [name]: value }))
        given.set(kafkaName, { value: text, source })
    }
  }
  return given
}

/** Why nothing comes of a property; undefined when Kafka's or librdkafka's clients know it. */
export function nameProblem(
  name: string,
  value: string,
  known: ReadonlyMap<string, unknown>,
): string | undefined {
  if (known.has(name) || LOGIN_NAMES.some((login) => login === name)) return undefined
  if (fromLibrdkafka(name, value) !== undefined) return undefined
  return unknownText(name, [...known.keys(), ...librdkafkaNames().map((each) => each.name)])
}

function unknownText(name: string, known: Iterable<string>): string {
  if (isWithoutMeaning(name)) return `${name} has nothing to act upon here`
  const nearest = nearestName(name, known)
  return `the configuration ${name} is not known${nearest === undefined ? '' : `. Did you mean ${nearest}?`}`
}

/** The settings of every client that a command opens. Runs what has to be run for secrets. */
export async function clientSettings(
  flags: GlobalFlags,
  env: Env,
  warn: (message: string) => void,
): Promise<ClientSettings> {
  const given = givenProperties(flags, warn)
  if (given.size === 0) return {}
  const resolved = withLogin(await resolveAll(given, env))
  const { bootstrap: _, ...settings } = sharedSettings(Object.fromEntries(resolved))
  return settings
}

/** What is wrong with a value is put right where it stands. */
export function withSource(error: ConfigError, flags: GlobalFlags): ConfigError {
  const given = givenProperties(flags)
  const words = error.message.split(/[\s:]/)
  const found =
    [...given].find(([name]) => words.includes(name)) ??
    [...given].find(([name]) => LOGIN_NAMES.some((login) => login === name))
  if (found === undefined) return error
  const [name, { source }] = found
  return new ConfigError(error.message, {
    hint: `${name} comes from ${source}.${error.hint === undefined ? '' : ` ${error.hint}`}`,
  })
}

/** What is said of producers or consumers alone, for commands that have one. */
export async function ownProperties(
  flags: GlobalFlags,
  kind: 'producer' | 'consumer',
  env: Env,
): Promise<Record<string, string>> {
  const own = ownPropertyNames(kind)
  const given = [...givenProperties(flags)].filter(([name]) => own.has(name))
  return Object.fromEntries(await resolveAll(new Map(given), env))
}

async function resolveAll(given: ReadonlyMap<string, Given>, env: Env): Promise<Map<string, string>> {
  const resolved = new Map<string, string>()
  // One after the other: a command may ask for something on the terminal.
  for (const [name, { value }] of given) resolved.set(name, await resolveReference(name, value, env))
  return resolved
}
