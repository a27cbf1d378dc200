import type { OutputRecord } from '../records/json-record.ts'
import type { RecordFilter } from './compile.ts'

export type { RecordFilter } from './compile.ts'

/** Nothing of the language is loaded when there is no expression. */
export async function loadFilter(text: string | undefined, nowMs: number): Promise<RecordFilter | undefined> {
  if (text === undefined) return undefined
  const { compileFilter } = await import('./compile.ts')
  return compileFilter(text, nowMs)
}

/** Counts what a filter was asked for. */
export class FilterCount {
  looked = 0
  matched = 0
  private readonly filter: RecordFilter

  constructor(filter: RecordFilter) {
    this.filter = filter
  }

  readonly matches = (record: OutputRecord): boolean => {
    this.looked++
    if (!this.filter(record)) return false
    this.matched++
    return true
  }

  describe(): string {
    const records = this.looked === 1 ? 'record' : 'records'
    return `${this.matched.toLocaleString('en-US')} of ${this.looked.toLocaleString('en-US')} ${records} matched the filter.`
  }
}
