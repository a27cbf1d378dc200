import path from 'node:path'
import { nodeFileSystem } from '../../base/node-file-system.ts'

const KEPT_LINES = 1000
/** What proves who somebody is does not belong into a file. */
const SECRET = /^\s*addauth\b/

/** The newest first, as readline wants them. Empty when there is none, or none that can be read. */
export function readHistory(file: string): string[] {
  try {
    const text = Buffer.from(nodeFileSystem.readFileSync(file)).toString('utf8')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .reverse()
  } catch {
    return []
  }
}

/** Adds the lines of this shell, those with a blank in front and secrets left out. A file that cannot be written is no failure. */
export function writeHistory(file: string, lines: readonly string[]): void {
  const added = lines.filter((line) => !SECRET.test(line) && !line.startsWith(' '))
  if (added.length === 0) return
  try {
    const before = readHistory(file).reverse()
    const kept = [...before, ...added].slice(-KEPT_LINES)
    nodeFileSystem.mkdirSync(path.dirname(file))
    nodeFileSystem.writeFileSync(file, Buffer.from(`${kept.join('\n')}\n`))
  } catch {
    // Nobody wants to hear of it at the end of a session.
  }
}
