import {
  anyOf,
  list,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  type Schema,
  text,
  whole,
} from './build.ts'

const stat = object({
  czxid: whole(),
  mzxid: whole(),
  pzxid: whole(),
  ctime: text('RFC 3339'),
  mtime: text('RFC 3339'),
  version: whole(),
  cversion: whole(),
  aversion: whole(),
  ephemeralOwner: text('Hexadecimal; 0x0 for a node that stays'),
  dataLength: whole(),
  numChildren: whole(),
})

const rule = object({ scheme: text(), id: text(), permissions: text('Letters of cdrwa') })
const acl = list(rule)
const paths = list(text())
const used = { count: whole(), bytes: whole() }
const limits = object({ ...used, byteHardLimit: whole(), countHardLimit: whole() })

const node: Schema = object({ name: text(), children: list({ $ref: '#/$defs/node' }) })

/** By subcommand. */
const results: Readonly<Record<string, Schema>> = {
  get: object({
    path: text(),
    data: orNull(text()),
    base64: optional(text('When the data is not UTF-8')),
    stat,
    explanation: optional(list(text(), 'With --explain')),
  }),
  stat,
  ls: anyOf(paths, object({ children: paths, stat })),
  getAcl: anyOf(acl, object({ acl, stat })),
  tree: { $ref: '#/$defs/node' },
  find: paths,
  du: list(object({ path: text(), nodes: whole(), bytes: whole() })),
  diff: list(object({ change: oneOf('missing', 'added', 'changed'), path: text() })),
  listquota: object({ path: text(), limits, used: object(used) }),
  whoami: list(object({ scheme: text(), user: text() })),
  getAllChildrenNumber: whole(),
}

/** Of a list each element is a line. */
const lines = Object.values(results)
  .flatMap((schema) => schema.anyOf ?? [schema])
  .map((schema) => (schema.type === 'array' ? (schema.items ?? {}) : schema))

export const ZOOKEEPER: Readonly<
  Record<string, Output & { readonly $defs?: Readonly<Record<string, Schema>> }>
> = {
  zk: { document: anyOf(...Object.values(results)), line: anyOf(...lines), $defs: { node } },
}
