import { JavaException } from '../../../base/java-exception.ts'

const DURATION =
  /^([-+]?)P(?:([-+]?\d+)D)?(T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+)(?:[.,](\d{0,9}))?S)?)?$/i

/** java.time.Duration.parse: `P7D`, `PT1H30M`, `-PT5S`. Milliseconds; throws what Java throws. */
export function parseJavaDuration(text: string): number {
  const [, sign, days, time, hours, minutes, seconds, fraction] = DURATION.exec(text) ?? []
  const isTold = [days, hours, minutes, seconds].some((part) => part !== undefined)
  if (!isTold || time?.toUpperCase() === 'T')
    throw new JavaException('java.time.format.DateTimeParseException', 'Text cannot be parsed to a Duration')
  const number = (part: string | undefined) => (part === undefined ? 0 : Number(part))
  const wholeMs =
    number(days) * 86_400_000 + number(hours) * 3_600_000 + number(minutes) * 60_000 + number(seconds) * 1000
  const partMs = Math.floor(Number(`0.${fraction || '0'}`) * 1000)
  const totalMs = wholeMs + (seconds?.startsWith('-') === true ? -partMs : partMs)
  return sign === '-' ? -totalMs : totalMs
}

const INSTANT = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)(Z|[+-]\d{2}:?(?:\d{2})?)/

/** Utils.getDateTime: `2024-02-14T10:00:00.000`, in UTC unless a zone follows. Milliseconds; throws what Java throws. */
export function parseJavaDateTime(text: string): number {
  const [, behind] = text.split('T')
  if (behind === undefined || behind === '')
    throw parseException("Error parsing timestamp. It does not contain a 'T' according to ISO8601 format")
  const zoned = /[+\-Z]/.test(behind) ? text : `${text}Z`
  const match = INSTANT.exec(zoned)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, milli = 0] =
    match?.slice(1, 8).map(Number) ?? []
  const at = new Date(0)
  at.setUTCFullYear(year, month - 1, day)
  at.setUTCHours(hour, minute, second, milli)
  // Java is told not to take the 31st of February for the 2nd of March.
  const isReal = at.getUTCMonth() === month - 1 && at.getUTCDate() === day && at.getUTCHours() === hour
  if (match === null || !isReal || minute > 59 || second > 59 || milli > 999)
    throw parseException(`Unparseable date: "${zoned}"`)
  return at.getTime() - offsetMs(match[8] ?? 'Z')
}

function offsetMs(zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone) ?? []
  const ms = Number(hours ?? 0) * 3_600_000 + Number(minutes ?? 0) * 60_000
  return sign === '-' ? -ms : ms
}

function parseException(text: string): JavaException {
  return new JavaException('java.text.ParseException', text)
}
