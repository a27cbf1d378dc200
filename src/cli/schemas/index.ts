import { type Output, object, optional, type Schema, text, whole } from './build.ts'
import { CLUSTER } from './cluster.ts'
import { EXPLAIN } from './explain.ts'
import { GROUPS } from './groups.ts'
import { LOG_DIRS } from './log-dirs.ts'
import { PROFILES } from './profiles.ts'
import { RECORDS } from './records.ts'
import { SEGMENTS } from './segments.ts'
import { TOP } from './top.ts'
import { TOPICS } from './topics.ts'
import { ZOOKEEPER } from './zookeeper.ts'

/** What every command writes to stdout with `-o json` when it fails. */
const failure: Output = {
  document: object({
    error: object({
      code: text('KCLI_… or the code of the system, such as ECONNREFUSED'),
      message: text(),
      hint: optional(text('What to do')),
      exitCode: whole(),
    }),
  }),
  line: { $ref: '#/$defs/document' },
}

const OUTPUTS: Readonly<Record<string, Output & { readonly $defs?: Readonly<Record<string, Schema>> }>> = {
  ...RECORDS,
  ...TOPICS,
  ...GROUPS,
  ...CLUSTER,
  ...SEGMENTS,
  ...PROFILES,
  ...TOP,
  ...ZOOKEEPER,
  ...LOG_DIRS,
  ...EXPLAIN,
  error: failure,
}

/** Of which there are schemas: ids of commands such as `topics:list`, `error`, `explain`, and `properties` (`-X list`). */
export const SCHEMA_IDS: readonly string[] = Object.keys(OUTPUTS).sort()

/**
 * The JSON Schema (draft 2020-12) of what a command writes as data: the root, which is `#/$defs/document`, with `-o json`,
 * and `#/$defs/line` for each line with `-o ndjson`. Undefined when the command has no data of its own.
 */
export function schemaOf(id: string): object | undefined {
  const output = Object.hasOwn(OUTPUTS, id) ? OUTPUTS[id] : undefined
  if (output === undefined) return undefined
  const { document, line, $defs } = output
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:kcli:${fileNameOf(id)}`,
    title: titleOf(id),
    $ref: '#/$defs/document',
    $defs: { document, line, ...$defs },
  }
}

export function fileNameOf(id: string): string {
  return id.replaceAll(':', '-')
}

function titleOf(id: string): string {
  if (id === 'error') return 'Any command that fails, with -o json'
  if (id === 'explain') return '--explain=json'
  return id === 'properties' ? '-X list' : `kcli ${id.replaceAll(':', ' ')}`
}
