import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileNameOf, SCHEMA_IDS, schemaOf } from '../../../src/cli/schemas/index.ts'
import { faultsOfSchema, schemaErrors } from '../../support/json-schema.ts'

const root = path.join(import.meta.dirname, '../../..')
const folder = path.join(root, 'docs/schemas')

/** Commands that write no rows of their own: texts in a form that others have fixed, or what is no data. */
const WITHOUT_DATA =
  /^(kafka-.*|zookeeper-(server-start|server-stop|shell)|console-.*|completion|run|shell|schema|profile:(create|delete|import|use))$/

function commandIds(): string[] {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8'))
  return Object.keys(manifest.commands)
}

describe('schemas', () => {
  it('are there for every command that has data, and for no other', () => {
    const wanted = commandIds().filter((id) => !WITHOUT_DATA.test(id))
    expect([...wanted, 'error', 'explain', 'properties'].sort()).toEqual([...SCHEMA_IDS])
  })

  // `npx vitest run -u test/cli/schemas` writes them again.
  it.each(SCHEMA_IDS)('%s is published as it is', async (id) => {
    const schema = schemaOf(id)
    expect(faultsOfSchema(schema ?? {})).toEqual([])
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(
      path.join(folder, `${fileNameOf(id)}.json`),
    )
  })

  it('has no file that is left over', () => {
    const wanted = SCHEMA_IDS.map((id) => `${fileNameOf(id)}.json`)
    expect(readdirSync(folder).sort()).toEqual(wanted.sort())
  })
})

describe('the check', () => {
  const schema = {
    $ref: '#/$defs/document',
    $defs: {
      document: { type: 'array', items: { $ref: '#/$defs/line' } },
      line: {
        type: 'object',
        properties: {
          id: { type: 'integer' },
          rack: { type: ['string', 'null'] },
          state: { type: 'string', enum: ['up', 'down'] },
          more: { anyOf: [{ type: 'string' }, { type: 'object', additionalProperties: { type: 'number' } }] },
        },
        required: ['id', 'rack'],
      },
    },
  }

  it.each([
    [[{ id: 1, rack: null, state: 'up', more: { a: 1.5 } }], []],
    [[{ id: 1.5, rack: 'a' }], ['/0/id: 1.5 is not integer']],
    [[{ id: 1 }], ['/0/rack: is missing']],
    [[{ id: 1, rack: 'a', color: 1 }], ['/0/color: is not in the schema']],
    [[{ id: 1, rack: 'a', state: 'on' }], ['/0/state: "on" is none of up, down']],
    [[{ id: 1, rack: 'a', more: { a: 'x' } }], ['/0/more: {"a":"x"} is not string']],
    [{}, ['/: {} is not array']],
  ])('%j', (value, errors) => {
    expect(schemaErrors(schema, value)).toEqual(errors)
  })

  it('knows what it does not check', () => {
    expect(faultsOfSchema({ type: 'object', minProperties: 1 })).toEqual([': unknown keyword minProperties'])
    expect(faultsOfSchema({ type: 'text' })).toEqual([': unknown type text'])
    expect(faultsOfSchema({ $ref: '#/$defs/none', $defs: {} })).toEqual([': #/$defs/none leads nowhere'])
    expect(faultsOfSchema({ type: 'object', required: ['a'] })).toEqual([': a is required and not described'])
  })
})
