import { nodeFileSystem } from '../../base/node-file-system.ts'
import { appendPrivateFile, writePrivateFile } from '../../base/private-file.ts'

const MAX_LINES = 5_000

/** What may hold a secret is not kept, nor what begins with a blank. */
const UNKEPT = /^\s|(password|passwd|secret|token|credential|sasl\.jaas|keystore\.key|private key|addauth)/i

/** What a search finds: a line in which every word of the query occurs somewhere, in any case and order. */
export function isFound(line: string, query: string): boolean {
  const text = line.toLowerCase()
  return query
    .toLowerCase()
    .split(' ')
    .every((word) => text.includes(word))
}

/** The lines that were typed, the last one last, each once. Several shells may write to one file. */
export class History {
  readonly lines: string[]
  private readonly file: string | undefined

  constructor(file: string | undefined) {
    this.file = file
    this.lines = file === undefined ? [] : read(file)
  }

  /** A line that is typed again moves to the end. */
  add(line: string): void {
    if (line.trim() === '' || UNKEPT.test(line)) return
    const known = this.lines.indexOf(line)
    if (known !== -1) this.lines.splice(known, 1)
    this.lines.push(line)
    if (this.lines.length > MAX_LINES) this.lines.shift()
    if (this.file !== undefined) quietly(this.file, (file) => appendPrivateFile(file, encode(line)))
  }

  /** Where the last line before `from` stands that is wanted; -1 when there is none. */
  findBack(from: number, isWanted: (line: string) => boolean): number {
    for (let i = from - 1; i >= 0; i--) if (isWanted(this.lines[i] ?? '')) return i
    return -1
  }

  /** The same in the other direction. */
  findForward(from: number, isWanted: (line: string) => boolean): number {
    for (let i = from + 1; i < this.lines.length; i++) if (isWanted(this.lines[i] ?? '')) return i
    return -1
  }
}

/** The file grows by one line for each command; now and then what is old in it goes. */
function read(file: string): string[] {
  try {
    const all = nodeFileSystem
      .readFileSync(file)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
    // A set keeps the first of equals; the last is wanted.
    const kept = [...new Set(all.reverse())].slice(0, MAX_LINES).reverse()
    if (all.length > 2 * MAX_LINES)
      quietly(file, () => writePrivateFile(file, kept.map((line) => `${line}\n`).join('')))
    return kept.map(decode)
  } catch {
    return []
  }
}

/** A line of the file each, also for what was typed in several. */
function encode(line: string): string {
  return `${/^"|\n/.test(line) ? JSON.stringify(line) : line}\n`
}

function decode(line: string): string {
  return line.startsWith('"') ? String(JSON.parse(line)) : line
}

/** A history that cannot be written costs nothing but itself: read-only homes are usual in containers. */
function quietly(file: string, work: (file: string) => void): void {
  try {
    work(file)
  } catch {
    // See above.
  }
}
