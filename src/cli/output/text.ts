const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `0 B`, `1.5 KiB`, `23 GiB`: for people; data has the bytes. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1023.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  const digits = unit > 0 && value < 10 ? 1 : 0
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}

const SPANS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const

/** `3 s`, `2 min 5 s`, `7 d`: the two largest units; less than a second is `0 s`. */
export function spanText(durationMs: number): string {
  const at = SPANS.findIndex(([, unitMs]) => durationMs >= unitMs)
  const parts = at === -1 ? [] : SPANS.slice(at, at + 2)
  let restMs = durationMs
  const words = parts.flatMap(([unit, unitMs]) => {
    const count = Math.floor(restMs / unitMs)
    restMs -= count * unitMs
    return count === 0 ? [] : `${count} ${unit}`
  })
  return words.length === 0 ? '0 s' : words.join(' ')
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** RFC 3339; nothing where there is no time, or one that no calendar has. */
export function timeText(timestampMs: number | undefined): string {
  const time = new Date(timestampMs ?? Number.NaN)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}

/** Messages quote what is in files, and files may hold anything: nothing of that moves the cursor. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '\uFFFD')
}
