import { describe, expect, it } from 'vitest'
import ConsoleProducer from '../../commands/console-producer.ts'
import ProfileCreate from '../../commands/profile/create.ts'
import TopicsCreate from '../../commands/topics/create.ts'
import type { BaseCommand } from '../../src/cli/base-command.ts'
import { ProcessHost } from '../../src/cli/host.ts'
import { LeanConfig } from '../../src/cli/lean-config.ts'
import { formatError } from '../../src/cli/report-error.ts'

const pjson = { name: 'kcli', version: '0.0.0', oclif: { bin: 'kcli' } }

/** What a person reads when the words cannot be taken apart; oclif's own messages are the input. */
async function told(
  command: new (argv: string[], config: LeanConfig) => BaseCommand,
  id: string,
  argv: string[],
): Promise<string> {
  const config = new LeanConfig('/', pjson as never, new ProcessHost(), {})
  const running = new command(argv, config)
  running.id = id
  const error = await running.start().catch((thrown: unknown) => thrown)
  return formatError(error, { debug: false })
}

describe('words that cannot be taken apart', () => {
  it.each([
    [['x', '--partition', '3'], 'topics create has no flag --partition\nDid you mean --partitions?'],
    [['x', '--no-colour'], 'topics create has no flag --no-colour\nDid you mean --no-color?'],
    [['x', '-Q'], 'topics create has no flag -Q\nSee what it takes with: kcli topics create --help'],
    [
      ['x', '-r', '0'],
      "--replication-factor is '0', and takes a whole number of 1 or more\n--replication-factor N: ",
    ],
    [['x', '-r', '40000'], "--replication-factor is '40000', and takes a whole number of at most 32767\n"],
    [['x', '-p'], '--partitions wants a value\n--partitions N: Partitions'],
    [['x', '-o', 'tabel'], 'takes one of table, wide, json, ndjson, yaml, csv, name\nDid you mean table?'],
    [['x', '-b', 'a:1', '--data-dir', 'd'], 'exclude each other\nLeave one of them out.'],
  ])('topics create %j', async (argv, text) => {
    expect(await told(TopicsCreate, 'topics:create', argv)).toContain(text)
  })

  it('are missing', async () => {
    expect(await told(ProfileCreate, 'profile:create', [])).toBe(
      'kcli: NAME is missing\nUsage: kcli profile create NAME [FLAGS]\n',
    )
    expect(await told(ConsoleProducer, 'console-producer', [])).toBe(
      'kcli: --topic is missing\n--topic TOPIC: The topic.\n',
    )
  })
})
