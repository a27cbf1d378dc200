import { anyOf, flag, list, map, type Output, object, oneOf, orNull, rows, text } from './build.ts'

const profile = object({
  name: text(),
  inUse: flag(),
  bootstrapServer: orNull(text()),
  dataDir: orNull(text()),
  zookeeper: orNull(text()),
  protected: flag(),
  readOnly: flag(),
  properties: map(text(), 'Client settings; secrets are not shown'),
})

/** With --effective. */
const effective = object({
  name: text(),
  value: text(),
  source: text('Who said so, such as a profile or a flag'),
})

export const PROFILES: Readonly<Record<string, Output>> = {
  'profile:list': rows(profile),
  'profile:show': { document: anyOf(profile, list(effective)), line: anyOf(profile, effective) },
  // `-X list` of any command that talks to a cluster.
  properties: rows(
    object({
      name: text(),
      clients: list(oneOf('admin', 'consumer', 'producer')),
      type: text(),
      default: orNull(text()),
      valid: orNull(text('What values it takes; null for all of its type')),
      librdkafka: list(text(), 'The names that librdkafka has for it'),
      supported: flag('Whether it has an effect'),
      meaning: text(),
    }),
  ),
}
