/** Property files, and what clients make of them, with Java's exceptions. */
import { messageOf, systemErrorCode } from '../../base/errors.ts'
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

/** Throws as java.nio.file.Files.newInputStream and the stream do. */
export function requireReadable(file: string): void {
  try {
    nodeFileSystem.readFileSync(file)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') throw new JavaException('java.nio.file.NoSuchFileException', file, error)
    if (code === 'EACCES') throw new JavaException('java.nio.file.AccessDeniedException', file, error)
    const text = code === 'EISDIR' ? 'Is a directory' : messageOf(error)
    throw new JavaException('java.io.IOException', text, error)
  }
}

/** org.apache.kafka.common.utils.Utils.loadProps; nothing when there is no file. */
export function loadProperties(file: string | undefined, flag: string): Record<string, string> {
  if (file === undefined) return {}
  requireReadable(file)
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
