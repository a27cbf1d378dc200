import path from 'node:path'
import { KcliError } from './errors.ts'
import type { FileSystem } from './file-system.ts'

/** What makes a folder a data directory of kcli. */
export const LAYOUT_FILE = 'kcli.json'

/** A broker of a data directory and where its logs are. */
export interface BrokerPlace {
  readonly id: number
  /** Absolute paths, at least one; Kafka's `log.dirs`. */
  readonly logDirs: readonly string[]
}

/**
 * The text of `kcli.json`. Brokers 0 to N-1 with a folder `broker-ID` each are version 1:
 *
 *     {"version":1,"brokers":3}
 *
 * Version 2 names them, which an imported directory may need. Folders are relative to the data directory, or absolute:
 *
 *     {"version":2,"brokers":[{"id":1001,"logDirs":["broker-1001","/mnt/disk2/kafka"]}]}
 */
export function encodeLayout(directory: string, brokers: readonly BrokerPlace[]): string {
  const isPlain = brokers.every(
    ({ id, logDirs }, i) => id === i && logDirs.length === 1 && logDirs[0] === defaultLogDir(directory, id),
  )
  if (isPlain) return `${JSON.stringify({ version: 1, brokers: brokers.length })}\n`
  const named = brokers.map(({ id, logDirs }) => ({
    id,
    logDirs: logDirs.map((logDir) => relativeInside(directory, logDir)),
  }))
  return `${JSON.stringify({ version: 2, brokers: named })}\n`
}

/** Throws a {@link LayoutError} with what is wrong, an {@link UnknownLayoutError}, and a SyntaxError when it is no JSON. */
export function decodeLayout(directory: string, text: string): readonly BrokerPlace[] {
  const layout = JSON.parse(text) as { version?: unknown; brokers?: unknown } | null
  const version = layout?.version
  if (version !== 1 && version !== 2) throw new UnknownLayoutError(directory, String(version))
  const brokers = version === 1 ? plainBrokers(directory, layout?.brokers) : named(directory, layout?.brokers)
  if (brokers === undefined || brokers.length === 0)
    throw new LayoutError(`its brokers are ${JSON.stringify(layout?.brokers)}`)
  if (new Set(brokers.map(({ id }) => id)).size < brokers.length)
    throw new LayoutError('it names a broker twice')
  return brokers
}

/** For looking only: what is damaged says nothing. Throws {@link UnknownLayoutError}. */
export function brokersNamedIn(fs: FileSystem, directory: string): readonly BrokerPlace[] {
  try {
    return decodeLayout(directory, fs.readFileSync(path.join(directory, LAYOUT_FILE)).toString('utf8'))
  } catch (error) {
    if (error instanceof UnknownLayoutError) throw error
    return []
  }
}

/** What stands there makes no sense. */
export class LayoutError extends Error {}

/** Written by a later kcli. */
export class UnknownLayoutError extends KcliError {
  constructor(directory: string, version: string) {
    super('KCLI_DATA_DIR', `${directory} has layout version ${version}; this kcli knows versions 1 and 2`, {
      hint: 'Use the version of kcli that made it, or another directory.',
    })
  }
}

/** `count` brokers: those that are there, then new ones with the ids after the highest. */
export function grownTo(
  directory: string,
  brokers: readonly BrokerPlace[],
  count: number,
  firstId = 0,
): readonly BrokerPlace[] {
  const next = Math.max(firstId - 1, ...brokers.map(({ id }) => id)) + 1
  const missing = Array.from({ length: Math.max(0, count - brokers.length) }, (_, i) => next + i)
  return [...brokers, ...missing.map((id) => ({ id, logDirs: [defaultLogDir(directory, id)] }))]
}

export function defaultLogDir(directory: string, id: number): string {
  return path.join(directory, `broker-${id}`)
}

function plainBrokers(directory: string, count: unknown): readonly BrokerPlace[] | undefined {
  return Number.isSafeInteger(count) ? grownTo(directory, [], count as number) : undefined
}

function named(directory: string, brokers: unknown): readonly BrokerPlace[] | undefined {
  if (!Array.isArray(brokers)) return undefined
  const places: BrokerPlace[] = []
  for (const broker of brokers as ({ id?: unknown; logDirs?: unknown } | null)[]) {
    const id = broker?.id
    const logDirs = broker?.logDirs
    if (!Number.isSafeInteger(id) || (id as number) < 0) return undefined
    if (!Array.isArray(logDirs) || logDirs.length === 0) return undefined
    if (!logDirs.every((logDir) => typeof logDir === 'string' && logDir !== '')) return undefined
    places.push({
      id: id as number,
      logDirs: logDirs.map((logDir) => path.resolve(directory, String(logDir))),
    })
  }
  return places.sort((a, b) => a.id - b.id)
}

function relativeInside(directory: string, logDir: string): string {
  const relative = path.relative(directory, logDir)
  return relative.startsWith('..') || path.isAbsolute(relative) ? logDir : relative
}
