import { outputOf } from '../../base/child-process.ts'
import { fileProblem } from '../../base/errors.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import { knownProperties } from '../../client/index.ts'
import { UsageError } from '../exit-codes.ts'
import type { Env } from './places.ts'
import { fromHome } from './profile.ts'

/** A value that stands elsewhere: `env:NAME`, `file:PATH`, `cmd:COMMAND`. */
export function isReference(value: string): boolean {
  return /^(env|file|cmd):/.test(value)
}

/** What a reference stands for; any other value is itself. Throws a {@link UsageError} that names what is missing. */
export async function resolveReference(name: string, value: string, env: Env): Promise<string> {
  const [, kind, rest = ''] = /^(env|file|cmd):(.*)$/s.exec(value) ?? []
  switch (kind) {
    case 'env': {
      const found = env[rest]
      if (found !== undefined) return found
      throw new UsageError(
        `${name} is ${value}, and ${rest} is not set`,
        `Set it in the environment: export ${rest}=…`,
      )
    }
    case 'file':
      try {
        return withoutLineEnd(readTextFile(fromHome(rest)))
      } catch (error) {
        throw new UsageError(
          `${name} is ${value}, which cannot be read: ${fileProblem(error)}`,
          'Name a file with nothing but the value.',
        )
      }
    case 'cmd': {
      const { text, exitCode } = await outputOf(rest)
      if (exitCode === 0) return withoutLineEnd(text)
      throw new UsageError(
        `${name} is ${value}, and that command ended with ${exitCode}`,
        'It is to write the value to standard output, and nothing else.',
      )
    }
    default:
      return value
  }
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '')
}

/** librdkafka's own; Kafka's are those of the type PASSWORD. */
const SECRET_NAME = /password|secret|token$|jaas\.config|\.pem$|oauthbearer\.config/

/** As it may be shown: a reference as it stands, a secret not at all. */
export function shownValue(name: string, value: string): string {
  return isSecretName(name) && !isReference(value) ? '***' : value
}

export function isSecretName(name: string): boolean {
  return knownProperties().get(name)?.type === 'PASSWORD' || SECRET_NAME.test(name)
}
