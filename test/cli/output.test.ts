import { describe, expect, it } from 'vitest'
import { OUTPUT_FORMATS, type View } from '../../src/cli/output/format.ts'
import { type RenderOptions, render } from '../../src/cli/output/render.ts'

interface Row {
  readonly topic: string
  readonly partitions: number
  readonly note: string
}

const view: View<Row> = {
  rows: [
    { topic: 'orders', partitions: 3, note: 'a,"b"' },
    { topic: 'a-much-longer-name', partitions: 12, note: '' },
  ],
  columns: [
    { header: 'TOPIC', value: (row) => row.topic },
    { header: 'PARTITIONS', value: (row) => row.partitions },
    { header: 'NOTE', value: (row) => row.note, wide: true },
  ],
  data: (row) => ({ topic: row.topic, partitions: row.partitions }),
  name: (row) => row.topic,
}

const options: RenderOptions = { format: 'table', headers: true, isTerminal: false, color: false }

describe('output forms', () => {
  it('aligns columns in a pipe, with a dash for what is empty', async () => {
    expect(await render(view, options)).toBe(
      'TOPIC               PARTITIONS\norders              3\na-much-longer-name  12\n',
    )
    const wide = await render(view, { ...options, format: 'wide', headers: false })
    expect(wide).toBe('orders              3   a,"b"\na-much-longer-name  12  -\n')
  })

  it('draws a table on a terminal, numbers to the right, colour only when wanted', async () => {
    const plain = await render(view, { ...options, isTerminal: true })
    expect(plain).toBe(
      'TOPIC               PARTITIONS\norders                       3\na-much-longer-name          12\n',
    )
    expect(await render(view, { ...options, isTerminal: true, color: true })).toContain('\u001b[1mTOPIC')
  })

  it('draws tables of any length, and by what is seen of a cell', async () => {
    const drawn = { ...options, isTerminal: true, headers: false }
    const rows = Array.from({ length: 50_000 }, (_, i) => ({
      ...view.rows[0],
      topic: `t${i}`,
    })) as typeof view.rows
    expect((await render({ ...view, rows }, drawn)).split('\n')).toHaveLength(50_001)
    const named = (topic: string) => ({ ...view.rows[0], topic }) as (typeof view.rows)[number]
    const wide = await render({ ...view, rows: [named('\u001b[31mred\u001b[39m'), named('中文')] }, drawn)
    expect(wide).toBe('\u001b[31mred\u001b[39m   3\n中文  3\n')
  })

  it('writes JSON, NDJSON and YAML from the same data', async () => {
    const data = view.rows.map(view.data)
    expect(JSON.parse(await render(view, { ...options, format: 'json' }))).toEqual(data)
    const lines = (await render(view, { ...options, format: 'ndjson' })).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(data)
    expect(await render(view, { ...options, format: 'yaml' })).toContain('- topic: orders\n  partitions: 3\n')
  })

  it('quotes CSV fields and prints names', async () => {
    expect(await render(view, { ...options, format: 'csv' })).toBe(
      'TOPIC,PARTITIONS,NOTE\norders,3,"a,""b"""\na-much-longer-name,12,\n',
    )
    expect(await render(view, { ...options, format: 'name' })).toBe('orders\na-much-longer-name\n')
  })

  it('has something to parse when there is nothing to show', async () => {
    const empty = { ...view, rows: [] }
    const texts = await Promise.all(OUTPUT_FORMATS.map((format) => render(empty, { ...options, format })))
    expect(Object.fromEntries(OUTPUT_FORMATS.map((format, i) => [format, texts[i]]))).toEqual({
      table: '',
      wide: '',
      json: '[]\n',
      ndjson: '',
      yaml: '[]\n',
      csv: 'TOPIC,PARTITIONS,NOTE\n',
      name: '',
    })
  })
})
