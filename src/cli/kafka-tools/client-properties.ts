/** Property files, and what clients make of them, with Java's exceptions. */
import { JavaException } from '../../base/java-exception.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import {
  type ConsumerSettings,
  consumerSettings,
  type ProducerSettings,
  producerSettings,
} from '../../client/index.ts'
import { readProperties } from '../console/properties.ts'
import { configException } from './java-errors.ts'

type Properties = Readonly<Record<string, unknown>>

/** org.apache.kafka.common.utils.Utils.loadProps; nothing when there is no file. */
export function loadProperties(file: string | undefined, flag: string): Record<string, string> {
  if (file === undefined) return {}
  if (!nodeFileSystem.existsSync(file)) throw new JavaException('java.nio.file.NoSuchFileException', file)
  return Object.fromEntries(readProperties(file, flag))
}

/** Throws ConfigException. */
export function producerFrom(properties: Properties): ProducerSettings {
  return withException(() => producerSettings(properties, { onUnknown: () => undefined }))
}

/** Throws ConfigException. */
export function consumerFrom(properties: Properties): ConsumerSettings {
  return withException(() => consumerSettings(properties, { onUnknown: () => undefined }))
}

function withException<T>(settings: () => T): T {
  try {
    return settings()
  } catch (error) {
    throw configException(error)
  }
}
