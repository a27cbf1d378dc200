import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const FORMS = ['table', 'wide', 'json', 'ndjson', 'yaml', 'csv', 'name'] as const
type Form = (typeof FORMS)[number] | 'no-headers' | 'csv-no-headers'
const FLAGS: Record<Form, string> = {
  ...(Object.fromEntries(FORMS.map((form) => [form, `-o ${form}`])) as Record<
    (typeof FORMS)[number],
    string
  >),
  'no-headers': '-o table --no-headers',
  'csv-no-headers': '-o csv --no-headers',
}

interface Facts {
  /** A table with one line of names above; others are sentences or texts. */
  readonly isTable?: boolean
  /** The list has nothing in it here. */
  readonly isEmpty?: boolean
  /** Times and rates differ from run to run: only the fields are compared. */
  readonly isMeasured?: boolean
  /** CSV and names have a row for each part of the things that JSON has. */
  readonly hasParts?: boolean
}

const TABLE = { isTable: true }

/** Every command that tells something, on a cluster with two topics, three records and a group. */
const COMMANDS: readonly (readonly [string, Facts])[] = [
  ['topics list', TABLE],
  ['topics describe', { hasParts: true }],
  ['topics offsets', TABLE],
  ['topics offsets orders --time latest', TABLE],
  ['topics consumers orders', TABLE],
  ['topics create new --dry-run', {}],
  ['topics alter orders --partitions 9 --dry-run', {}],
  ['topics delete orders --dry-run', {}],
  ['partitions list', TABLE],
  ['partitions elect-leader orders', {}],
  ['partitions reassign orders --brokers 0', TABLE],
  ['partitions reassign --list', { isTable: true, isEmpty: true }],
  ['groups list', TABLE],
  ['groups describe', { hasParts: true }],
  ['groups members', { isTable: true, isEmpty: true }],
  ['groups lag', { isTable: true, hasParts: true, isMeasured: true }],
  ['groups lag --by group', { isTable: true, isMeasured: true }],
  ['groups peek billing --topic payments', {}],
  ['groups delete billing --dry-run', {}],
  ['groups delete-offsets billing --topic orders --dry-run', {}],
  ['groups reset-offsets billing --topic orders --to earliest', TABLE],
  ['brokers list', { isTable: true, isMeasured: true }],
  ['brokers describe', { isMeasured: true }],
  ['log-dirs list', { isTable: true, isMeasured: true }],
  ['log-dirs describe', TABLE],
  ['api-versions', TABLE],
  ['configs describe --topic orders --all', TABLE],
  ['configs explain', TABLE],
  ['configs explain retention.ms', {}],
  ['configs alter --topic orders --set retention.ms=604800000 --dry-run', {}],
  ['segments list', { isTable: true, isMeasured: true }],
  ['segments stat', { hasParts: true }],
  ['segments verify', { isTable: true, isEmpty: true }],
  ['segments dump payments', { isTable: false }],
  ['segments repair', { isTable: true, isEmpty: true }],
  ['cluster status', { isMeasured: true }],
  ['cluster wait', { isMeasured: true }],
  ['consume payments', {}],
  ['consume payments --offset end', { isEmpty: true }],
  ['schema', TABLE],
  ['profile list', { isTable: true, isEmpty: true }],
  ['perf consume payments --records 2', { isMeasured: true }],
]

describe('every command in every form', () => {
  const directory = temporaryDirectory('kcli-forms')
  const out = path.join(directory.path, 'out')
  const env = {
    KCLI_DATA_DIR: path.join(directory.path, 'data'),
    KCLI_CONFIG: path.join(directory.path, 'config.yml'),
  }
  let server: ChildProcess
  afterAll(async () => {
    server.kill('SIGTERM')
    await finished(server)
    directory.remove()
  })

  const fileOf = (command: number, form: Form) => path.join(out, `${command}-${form}`)

  // One process for all of them: the shell, with the output of each command in a file of its own.
  beforeAll(async () => {
    mkdirSync(out)
    server = startCli(['cluster', 'start', '--brokers', '2', '--listen', ':0'], { env })
    await new Promise((resolve) => server.stdout?.once('data', resolve))
    const setUp = [
      'topics create orders payments -p 2',
      'produce orders <<END\none\nEND',
      'produce payments --key k <<END\ntwo, "quoted"\nthree\nEND',
      `consume orders --group billing > ${path.join(out, 'consumed')}`,
      `consume payments --group billing -n 1 > ${path.join(out, 'consumed')}`,
    ]
    const all = COMMANDS.flatMap(([command], i) =>
      (Object.keys(FLAGS) as Form[]).map((form) => `${command} ${FLAGS[form]} > ${fileOf(i, form)}`),
    )
    const input = [...setUp, ...all].join('\n')
    const { code, stderr } = await runCli(['shell'], { env, input })
    // A script ends at the first command that fails.
    expect({ code, stderr: stderr.split('\n').filter((line) => line.startsWith('kcli:')) }).toEqual({
      code: 0,
      stderr: [],
    })
  })

  describe.each(COMMANDS.map(([command, facts], i) => ({ command, facts, i })))(
    '$command',
    ({ facts, i }) => {
      const text = (form: Form) => readFileSync(fileOf(i, form), 'utf8')
      const lines = (form: Form) => text(form).split('\n').slice(0, -1)
      /** As JSON has it: all others are held against this. */
      const data = () => comparable(JSON.parse(text('json')), facts)
      const things = () => [JSON.parse(text('json'))].flat() as unknown[]

      it('says the same as JSON, NDJSON and YAML', () => {
        expect(things().length === 0).toBe(facts.isEmpty === true)
        const each = lines('ndjson').map((line) => comparable(JSON.parse(line), facts))
        expect(each).toEqual([data()].flat())
        expect(comparable(parseYaml(text('yaml')), facts)).toEqual(data())
      })

      it('has a name in each line, or nothing', () => {
        const names = lines('name')
        for (const name of names) expect(name).toMatch(/^\S+( \S+)*$/)
        if (facts.hasParts !== true) expect(names).toHaveLength(things().length)
        else expect(names.length).toBeGreaterThan(0)
      })

      it('is CSV with as many cells in each row as names above', () => {
        const [header = [], ...rows] = csvRows(text('csv'))
        if (facts.hasParts === true) expect(rows.length).toBeGreaterThanOrEqual(things().length)
        else expect(rows).toHaveLength(things().length)
        for (const row of rows) expect(row).toHaveLength(header.length)
        // What is not there is an empty cell, not a dash that a program would take for a value.
        expect(rows.flat()).not.toContain('-')
        if (facts.isMeasured !== true) expect(csvRows(text('csv-no-headers'))).toEqual(rows)
      })

      it('is a table whose columns can be counted, and wide has them all', () => {
        expect(lines('table').length > 0).toBe(facts.isEmpty !== true)
        if (facts.isTable !== true || facts.isEmpty === true) return
        const [header = '', ...rows] = lines('table')
        const columns = header.split(/ {2,}/)
        for (const row of rows) expect(row.split(/ {2,}/)).toHaveLength(columns.length)
        expect((lines('wide')[0] ?? '').split(/ {2,}/)).toEqual(expect.arrayContaining(columns))
        expect(lines('no-headers')).toHaveLength(rows.length)
        expect(lines('no-headers')).not.toContain(header)
      })
    },
  )
})

/** Fields alone where values differ from run to run. */
function comparable(data: unknown, { isMeasured }: Facts): unknown {
  if (isMeasured !== true || typeof data !== 'object' || data === null)
    return isMeasured === true ? typeof data : data
  if (Array.isArray(data)) return data.map((each) => comparable(each, { isMeasured }))
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, comparable(value, { isMeasured })]),
  )
}

/** RFC 4180. */
function csvRows(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\n)/g)) {
    row.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'))
    if (end === '\n') {
      rows.push(row)
      row = []
    }
  }
  return rows
}
