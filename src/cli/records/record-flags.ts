import * as Flags from '@oclif/core/flags'

/** Which records are shown, and as what: of commands that show records. */
export const recordFlags = {
  filter: Flags.string({
    helpValue: 'EXPR',
    summary:
      'Only records that fit, such as \'value.price > 10 and key starts with "a"\': key, value, headers.NAME, partition, offset, timestamp, size; see docs/filter.md.',
  }),
  print: Flags.string({
    helpValue: 'FIELDS',
    summary: 'Fields with tabs between: topic, partition, offset, timestamp, time, key, value, headers.',
    exclusive: ['format', 'output', 'json'],
  }),
  format: Flags.string({
    char: 'F',
    helpValue: 'TEXT',
    summary: 'A template: %t %p %o %k %v %h %d …',
    exclusive: ['output', 'json'],
  }),
}
