import { JavaException } from '../../base/java-exception.ts'

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

/** What a run of one letter stands for: a number to be padded, or a text. */
const FIELDS: Readonly<Record<string, (time: Date) => number | string>> = {
  G: () => 'AD',
  y: (time) => time.getFullYear(),
  M: (time) => time.getMonth() + 1,
  d: (time) => time.getDate(),
  E: (time) => DAYS[time.getDay()] ?? '',
  a: (time) => (time.getHours() < 12 ? 'AM' : 'PM'),
  H: (time) => time.getHours(),
  k: (time) => time.getHours() || 24,
  K: (time) => time.getHours() % 12,
  h: (time) => time.getHours() % 12 || 12,
  m: (time) => time.getMinutes(),
  s: (time) => time.getSeconds(),
  S: (time) => time.getMilliseconds(),
}

/** java.text.SimpleDateFormat for the letters of dates and times, in local time and English. */
export function simpleDateFormat(pattern: string): (timeMs: number) => string {
  const pieces = [...pattern.matchAll(/'((?:[^']|'')*)'|([a-zA-Z])\2*|[^a-zA-Z']+/g)].map((match) => {
    const [whole, quoted, letter] = match
    if (quoted !== undefined) return () => (quoted === '' ? "'" : quoted.replaceAll("''", "'"))
    if (letter === undefined) return () => whole
    const field = FIELDS[letter]
    if (field === undefined)
      throw new JavaException('java.lang.IllegalArgumentException', `Illegal pattern character '${letter}'`)
    return (time: Date) => fieldText(letter, whole.length, field(time))
  })
  return (timeMs) => pieces.map((piece) => piece(new Date(timeMs))).join('')
}

function fieldText(letter: string, width: number, value: number | string): string {
  if (typeof value === 'string') return letter === 'E' && width < 4 ? value.slice(0, 3) : value
  if (letter === 'M' && width > 2) {
    const name = MONTHS[value - 1] ?? ''
    return width === 3 ? name.slice(0, 3) : name
  }
  if (letter === 'y' && width === 2) return String(value % 100).padStart(2, '0')
  return String(value).padStart(width, '0')
}
