import { JavaException } from '../../../base/java-exception.ts'

/** One offset of a plan; the file names the group when there may be several. */
export interface PlanLine {
  readonly group: string | undefined
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Jackson does not look into texts longer than this, and quotes them in any case. */
const MAX_CHECKED_LENGTH = 24

/** A line as Jackson's CsvMapper writes it, with its end. */
export function csvLine(cells: readonly (string | number)[]): string {
  return `${cells.map(csvCell).join(',')}\n`
}

function csvCell(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const isQuoted = value.length > MAX_CHECKED_LENGTH || [...value].some((char) => char < '-')
  return isQuoted ? `"${value.replaceAll('"', '""')}"` : value
}

/** `[group,]topic,partition,offset`. Throws what Jackson throws, with the first line of its text. */
export function readCsvLine(line: string, withGroup: boolean): PlanLine {
  const columns = withGroup ? 4 : 3
  const cells = splitCells(line)
  if (line.trim() === '')
    throw jackson('databind.exc.MismatchedInputException', 'No content to map due to end-of-input')
  const [group, topic = '', partition = '', offset = ''] = withGroup ? cells : [undefined, ...cells]
  const found = {
    group: withGroup ? (group ?? '') : undefined,
    topic,
    partition: number(partition, 'int'),
    offset: number(offset, 'long'),
  }
  const extra = cells[columns]
  if (extra !== undefined)
    throw jackson(
      'dataformat.csv.CsvReadException',
      `Too many entries: expected at most ${columns} (value #${columns} (${extra.length} chars) "${extra}")`,
    )
  return found
}

function number(text: string, type: 'int' | 'long'): number {
  const trimmed = text.trim()
  // What is not there is 0, as in Java.
  if (trimmed === '') return 0
  const value = /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN
  const isFine = type === 'int' ? value >= -0x80000000 && value <= 0x7fffffff : Number.isSafeInteger(value)
  if (isFine) return value
  const wrong = type === 'int' ? 'not a valid `int` value' : 'not a valid `long` value'
  throw jackson(
    'databind.exc.InvalidFormatException',
    `Cannot deserialize value of type \`${type}\` from String "${trimmed}": ${wrong}`,
  )
}

function splitCells(line: string): string[] {
  const cells: string[] = []
  const cell = /\s*"((?:[^"]|"")*)"\s*(?:,|$)|([^,]*)(?:,|$)/y
  const text = line.replace(/\r$/, '')
  for (let at = 0; ; at = cell.lastIndex) {
    cell.lastIndex = at
    const match = cell.exec(text)
    if (match === null) return cells
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (!match[0].endsWith(',')) return cells
  }
}

function jackson(name: string, text: string): JavaException {
  return new JavaException(`com.fasterxml.jackson.${name}`, text)
}
