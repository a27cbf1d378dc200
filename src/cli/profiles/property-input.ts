import { parseConfig } from '../../base/config-def.ts'
import { fileProblem } from '../../base/errors.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import { knownProperties } from '../../client/index.ts'
import { parseKeyValues, readProperties } from '../console/properties.ts'
import { UsageError } from '../exit-codes.ts'
import { nameProblem } from './client-properties.ts'
import { isReference, isSecretName } from './secrets.ts'

/** The file of a client: `client.properties`, or kcat's `.conf`, in which a backslash is a backslash. */
export function readClientFile(path: string, flag: string): Map<string, string> {
  if (!path.endsWith('.conf')) return readProperties(path, flag)
  let text: string
  try {
    text = readTextFile(path)
  } catch (error) {
    throw new UsageError(
      `${path} (${flag}) cannot be read: ${fileProblem(error)}`,
      'Check its name, and who may read it.',
    )
  }
  const lines = text.split('\n').map((line) => line.trim())
  const words = lines.filter((line) => line !== '' && !line.startsWith('#'))
  return new Map([...parseKeyValues(words, path)].map(([name, value]) => [name, value.trim()]))
}

/**
 * What may be kept in a profile. Names that no client has are left out, and `warn` is told; a value that no client would take
 * throws a ConfigError.
 */
export function checkedProperties(
  given: ReadonlyMap<string, string>,
  warn: (message: string) => void,
): Map<string, string> {
  const known = knownProperties()
  const kept = new Map<string, string>()
  for (const [name, value] of given) {
    const problem = nameProblem(name, value, known)
    if (problem !== undefined) {
      warn(`${problem}; it is left out`)
      continue
    }
    const property = known.get(name)
    if (property !== undefined && !isReference(value)) parseConfig({ ...property }, value)
    kept.set(name, value)
  }
  return kept
}

/** Secrets that would stand in the file for everybody to see who may read it. */
export function plainSecrets(properties: ReadonlyMap<string, string>): string[] {
  return [...properties]
    .filter(([name, value]) => isSecretName(name) && !isReference(value) && value !== '')
    .map(([name]) => name)
}
