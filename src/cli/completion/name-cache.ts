import { createHash } from 'node:crypto'
import { homedir } from 'node:os'
import path from 'node:path'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { makePrivateDirectorySync } from '../../base/private-directory.ts'
import { writePrivateFile } from '../../base/private-file.ts'

/** What there was on a target when it was asked. */
export interface KnownNames {
  readonly topics: readonly (readonly [name: string, partitions: number])[]
  readonly groups: readonly string[]
  readonly brokers: readonly number[]
  /** By the wall clock, for other processes read it. */
  readonly askedAtMs: number
}

export const NO_NAMES: KnownNames = { topics: [], groups: [], brokers: [], askedAtMs: 0 }

/**
 * A file per target in the user's cache folder, which only the user may read: completion has to answer before any broker could.
 * It is the last answer of that target and nothing else depends on it: what cannot be read is dropped.
 */
export class NameCache {
  private readonly file: string

  /** @param target whatever tells one target from another */
  constructor(env: Readonly<Record<string, string | undefined>>, target: string) {
    const home = env.XDG_CACHE_HOME || path.join(env.HOME || homedir(), '.cache')
    const name = createHash('sha256').update(target).digest('hex').slice(0, 32)
    this.file = path.join(home, 'kcli', 'names', `${name}.json`)
  }

  read(): KnownNames | undefined {
    let bytes: Buffer
    try {
      bytes = nodeFileSystem.readFileSync(this.file)
    } catch {
      return undefined
    }
    try {
      const names: unknown = JSON.parse(bytes.toString('utf8'))
      if (isKnownNames(names)) return names
    } catch {
      // As below.
    }
    this.drop()
    return undefined
  }

  write(names: KnownNames): void {
    makePrivateDirectorySync(path.dirname(this.file))
    writePrivateFile(this.file, JSON.stringify(names))
  }

  /** Of targets that nobody asked for since then. */
  removeOlderThan(timeMs: number): void {
    const folder = path.dirname(this.file)
    for (const name of nodeFileSystem.readdirSync(folder)) {
      const file = path.join(folder, name)
      if ((nodeFileSystem.statSync(file)?.modifiedMs ?? timeMs) < timeMs) nodeFileSystem.unlinkSync(file)
    }
  }

  private drop(): void {
    try {
      nodeFileSystem.unlinkSync(this.file)
    } catch {
      // Somebody else's; it is not used.
    }
  }
}

function isKnownNames(value: unknown): value is KnownNames {
  if (typeof value !== 'object' || value === null) return false
  const { topics, groups, brokers, askedAtMs } = value as Record<string, unknown>
  return (
    typeof askedAtMs === 'number' &&
    Array.isArray(groups) &&
    groups.every((group) => typeof group === 'string') &&
    Array.isArray(brokers) &&
    brokers.every(Number.isInteger) &&
    Array.isArray(topics) &&
    topics.every(
      (topic) => Array.isArray(topic) && typeof topic[0] === 'string' && Number.isInteger(topic[1]),
    )
  )
}
