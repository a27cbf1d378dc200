import { describe, expect, it } from 'vitest'
import type { RunKafkaTool } from '../../../src/cli/kafka-tool-command.ts'
import { kafkaConsoleConsumer } from '../../../src/cli/kafka-tools/kafka-console-consumer.ts'
import { kafkaConsoleProducer } from '../../../src/cli/kafka-tools/kafka-console-producer.ts'
import { kafkaConsumerPerfTest } from '../../../src/cli/kafka-tools/kafka-consumer-perf-test.ts'
import { kafkaLeaderElection } from '../../../src/cli/kafka-tools/kafka-leader-election.ts'
import { kafkaProducerPerfTest } from '../../../src/cli/kafka-tools/kafka-producer-perf-test.ts'
import { NEWER_ARGUMENTS, NEWER_OPTIONS } from '../../../src/cli/kafka-tools/newer-spellings.ts'
import { kafkaVerifiableConsumer } from '../../../src/cli/kafka-tools/verifiable/consumer.ts'
import { kafkaVerifiableProducer } from '../../../src/cli/kafka-tools/verifiable/producer.ts'
import { runDropIn } from '../../interop/support/drop-ins.ts'

type ToolWithNewer = keyof typeof NEWER_OPTIONS | keyof typeof NEWER_ARGUMENTS

const TOOLS: Record<ToolWithNewer, RunKafkaTool> = {
  'kafka-console-consumer': kafkaConsoleConsumer,
  'kafka-console-producer': kafkaConsoleProducer,
  'kafka-consumer-perf-test': kafkaConsumerPerfTest,
  'kafka-leader-election': kafkaLeaderElection,
  'kafka-producer-perf-test': kafkaProducerPerfTest,
  'kafka-verifiable-consumer': kafkaVerifiableConsumer,
  'kafka-verifiable-producer': kafkaVerifiableProducer,
}

const rows = Object.entries({ ...NEWER_OPTIONS, ...NEWER_ARGUMENTS }).flatMap(([tool, newer]) =>
  Object.entries(newer).map(([name, older]) => {
    const flag = (text: string) => (text.startsWith('--') ? text : `--${text}`)
    return {
      tool: tool as ToolWithNewer,
      flag: flag(name),
      older: typeof older === 'string' ? flag(older) : undefined,
    }
  }),
)

describe.each(rows)('$tool $flag', ({ tool, flag, older }) => {
  const run = (...words: string[]) => runDropIn(TOOLS[tool], words)

  it('is taken, with a value', async () => {
    // What is refused is the word behind it, which nobody knows.
    for (const words of [[flag, 'v'], [`${flag}=v`]]) {
      const { err, code } = await run(...words, '--nosuch')
      expect(err).toMatch(/nosuch is not a recognized option|unrecognized arguments: '--nosuch'/)
      expect(code).toBe(1)
    }
  })

  it("is not in the help, which is 3.9's", async () => {
    const { out, err } = await run('--help')
    const shown = `${out}${err}`.match(/--[\w.-]+/g) ?? []
    expect(shown.length).toBeGreaterThan(5)
    expect(shown).not.toContain(flag)
    if (older !== undefined) expect(shown).toContain(older)
  })

  it.skipIf(older === undefined)('is not taken beside the older one', async () => {
    const { err } = await run(flag, 'v', older ?? '', 'v')
    // Lines are broken behind hyphens, too.
    const text = (each: string) => each.replaceAll(/\s+/g, '')
    expect(text(err)).toContain(text(`Options ${older} and ${flag} cannot be specified together.`))
  })
})

it('a newer name gives its value to the older one', async () => {
  const words = ['--bootstrap-server', 'localhost:1', '--topic', 't']
  for (const [tool, more] of [
    [kafkaConsoleConsumer, []],
    [kafkaConsumerPerfTest, ['--num-records', '1']],
    [kafkaVerifiableConsumer, ['--group-id', 'g']],
    [kafkaVerifiableProducer, ['--max-messages', '1']],
  ] as const) {
    const { err, code } = await runDropIn(tool, [...words, ...more, '--command-config', '/no/such/file'])
    expect(err).toContain('/no/such/file')
    expect(code).toBe(1)
  }
})
