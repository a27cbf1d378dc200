/** Quoted where that is needed (RFC 4180). */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvField).join(',')}\n`
}

/**
 * What is no table as CSV: a line for each thing of a list, or one line. `latencyMs: { p50 }` is the column LATENCY-MS.P50;
 * lists of texts and numbers have commas between, other lists are JSON.
 */
export function csvOfData(data: unknown, headers: boolean): string {
  const rows = (Array.isArray(data) ? data : [data]).map((each) => new Map(fieldsOf(each, '')))
  const names = [...new Set(rows.flatMap((row) => [...row.keys()]))]
  const lines = rows.map((row) => csvLine(names.map((name) => row.get(name) ?? '')))
  return `${headers && names.length > 0 ? csvLine(names) : ''}${lines.join('')}`
}

function fieldsOf(value: unknown, name: string): [string, string][] {
  if (value === undefined) return []
  if (Array.isArray(value)) {
    const isPlain = value.every((each) => typeof each === 'string' || typeof each === 'number')
    return [[name, isPlain ? value.join(',') : JSON.stringify(value)]]
  }
  if (typeof value !== 'object' || value === null) return [[name, value === null ? '' : String(value)]]
  return Object.entries(value).flatMap(([key, each]) => fieldsOf(each, `${name}${name && '.'}${header(key)}`))
}

/** `sizeBytes` → `SIZE-BYTES` */
function header(key: string): string {
  return key.replace(/(?<=[a-z0-9])[A-Z]/g, '-$&').toUpperCase()
}
