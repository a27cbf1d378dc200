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
