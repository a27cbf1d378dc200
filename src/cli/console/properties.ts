import { parse } from 'dot-properties'
import { fileProblem } from '../../base/errors.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import { UsageError } from '../exit-codes.ts'

/** `k=v` words of a repeatable flag. As in Kafka's tools a key without `=` has the empty value. */
export function parseKeyValues(words: readonly string[] | undefined, flag: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const word of words ?? []) {
    const at = word.indexOf('=')
    const key = (at === -1 ? word : word.slice(0, at)).trim()
    if (key === '') throw new UsageError(`${flag} wants KEY=VALUE, not '${word}'`)
    found.set(key, at === -1 ? '' : word.slice(at + 1))
  }
  return found
}

/** A Java property file. */
export function readProperties(path: string, flag: string): Map<string, string> {
  let text: string
  try {
    text = readTextFile(path)
  } catch (error) {
    throw new UsageError(
      `${path} (${flag}) cannot be read: ${fileProblem(error)}`,
      'Check its name, and who may read it.',
    )
  }
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(parse(text))) if (typeof value === 'string') found.set(key, value)
  return found
}

/** File first, then the words of the command line, which win. */
export function mergeProperties(
  file: { readonly path: string | undefined; readonly flag: string },
  words: { readonly values: readonly string[] | undefined; readonly flag: string },
): Map<string, string> {
  const fromFile = file.path === undefined ? new Map<string, string>() : readProperties(file.path, file.flag)
  return new Map([...fromFile, ...parseKeyValues(words.values, words.flag)])
}

/** A group is joined by who names it in the command, and not for a file that is meant for other programs as well. */
export function withoutGroup({
  'group.id': _,
  ...others
}: Readonly<Record<string, string>>): Record<string, string> {
  return others
}

export function isTrue(properties: ReadonlyMap<string, string>, key: string, otherwise = false): boolean {
  const value = properties.get(key)
  return value === undefined ? otherwise : value.trim().toLowerCase() === 'true'
}
