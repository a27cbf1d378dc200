import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCommandFacts } from '../../../src/cli/completion/command-facts.ts'
import { knownConfigs } from '../../../src/cli/completion/config-facts.ts'
import { candidatesFor } from '../../../src/cli/completion/engine.ts'
import { completionScript } from '../../../src/cli/completion/scripts.ts'
import type { CompletionSource } from '../../../src/cli/completion/source.ts'
import { targetFlags } from '../../../src/cli/completion/target-flags.ts'
import { root } from '../../support/cli.ts'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  topics: ['orders', 'orders.dlq'],
  'topics/orders': ['0', '1', '2'],
  groups: ['billing', 'a group', 'evil\n:files', '\u001b[2Jwiped'],
  brokers: ['0', '1', '2'],
}
const facts = readCommandFacts(root)
const source: CompletionSource = {
  commands: { facts, ids: new Set(facts.keys()) },
  names: (place) => Promise.resolve(NAMES[place.join('/')] ?? []),
  configs: knownConfigs,
  profiles: () => Promise.resolve(['prod']),
}

/** All that could be the last word of the line. */
const at = async (line: string) => {
  const words = line.split(' ')
  const last = words.at(-1) ?? ''
  const { candidates, elsewhere } = await candidatesFor(source, words)
  const texts = candidates.map(({ text }) => text).filter((text) => text.startsWith(last))
  return elsewhere === undefined ? texts : [...texts, elsewhere]
}

describe('the words of a command line', () => {
  it.each<[string, readonly unknown[]]>([
    ['brok', ['broker', 'brokers']],
    ['topic cre', ['create']],
    ['help topics cre', ['create']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['topics describe or', ['orders', 'orders.dlq']],
    ['topics describe --regex or', ['orders', 'orders.dlq']],
    ['topics create or', []],
    ['topics describe --topic=or', ['--topic=orders', '--topic=orders.dlq']],
    ['groups describe ', ['billing', 'a group']],
    ['consume orders --isolation-level read_c', ['read_committed']],
    ['produce orders --acks ', ['0', '1', 'all']],
    ['consume orders -o nd', ['ndjson']],
    ['consume orders --partition ', ['0', '1', '2']],
    ['consume orders --partition 0,', ['0,1', '0,2']],
    ['consume -n 5 orders --partition 2', ['2']],
    ['consume --topic orders --partition 2', ['2']],
    ['consume nowhere --partition ', []],
    ['consume orders --print key,off', ['key,offset']],
    ['groups reset-offsets billing --topic orders:0,', ['orders:0,0', 'orders:0,1', 'orders:0,2']],
    ['cluster start --brokers ', []],
    ['cluster start --config ', ['files']],
    ['cluster start --override auto.create', ['auto.create.topics.enable=']],
    ['partitions reassign --brokers 0,', ['0,1', '0,2']],
    ['produce orders --file x', ['files']],
    ['segments list orders-', ['orders-0', 'orders-1', 'orders-2', 'files']],
    ['segments list ./x', ['files']],
    ['link ', ['directories']],
    ['zk setq', ['setquota']],
    ['zk ls /', []],
    ['profile use ', ['prod']],
    ['profile create p', []],
    ['profile import new client.prop', ['files']],
    ['topics list -P ', ['prod']],
    ['topics list -X compression.t', ['compression.type=']],
    ['produce x --producer-property linger', ['linger.ms=']],
    ['topics create x --config min.ins', ['min.insync.replicas=']],
    ['topics create x --config cleanup.policy=', ['cleanup.policy=compact', 'cleanup.policy=delete']],
    ['topics create x --config cleanup.policy=compact,', ['cleanup.policy=compact,delete']],
    ['topics create x --config preallocate=', ['preallocate=true', 'preallocate=false']],
    ['topics create x --config=retention.ms=', ['--config=retention.ms=604800000']],
    ['configs alter --topic orders --delete retention.b', ['retention.bytes']],
    ['configs alter --broker 0 --set log.retention.m', ['log.retention.minutes=', 'log.retention.ms=']],
    ['configs explain log.retention.m', ['log.retention.minutes', 'log.retention.ms']],
    ['run -- ec', [{ programAt: 2 }]],
    ['run --brokers 1 -- sh -c', [{ programAt: 4 }]],
    ['topics list -- x', []],
    ['kafka-topics --bootstrap-s', ['--bootstrap-server']],
    ['kafka-topics --topic or', ['orders', 'orders.dlq']],
    ['kafka-topics --create --config unclean', ['unclean.leader.election.enable=']],
    ['kafka-configs --entity-type br', ['brokers']],
    ['kafka-configs --entity-type brokers --entity-name ', ['0', '1', '2']],
    ['kafka-configs --entity-type topics --alter --add-config unclean', ['unclean.leader.election.enable=']],
    ['kafka-consumer-groups --describe --group b', ['billing']],
    ['kafka-dump-log --files ', ['files']],
    ['kafka-producer-perf-test --print', ['--print-metrics']],
    ['kafka-console-consumer --formatter-config ', ['files']],
    ['nosuch thing ', []],
    ['topics nosuch ', []],
    ['topics list --nosuch=', []],
  ])('%s', async (line, expected) => {
    expect(await at(line)).toEqual(expected)
  })

  it("offers Kafka's tools to who begins their name", async () => {
    expect((await at('')).filter((text) => String(text).startsWith('kafka-'))).toEqual([])
    expect(await at('kafka-t')).toEqual(['kafka-topics'])
  })

  it('knows the flags of all tools that kcli stands in for', async () => {
    const withoutFlags = ['kafka-e2e-latency', 'kafka-server-stop']
    const tools = [...facts.keys()].filter((id) => /^kafka-/.test(id) && !withoutFlags.includes(id))
    const unknown: string[] = []
    for (const tool of tools) if ((await at(`${tool} --`)).length === 0) unknown.push(tool)
    expect(tools.length).toBeGreaterThan(10)
    expect(unknown).toEqual([])
  })

  it('leaves out flags that are there or cannot be beside what is there', async () => {
    const found = await at('consume orders --offset start --follow --')
    expect(found).toEqual(expect.arrayContaining(['--topic', '--output', '--partition']))
    for (const name of ['--offset', '--follow', '--from', '--to']) expect(found).not.toContain(name)
    expect(await at('consume --topic orders --topi')).toEqual(['--topic'])
  })

  it('says what a setting is', async () => {
    const { candidates } = await candidatesFor(source, 'topics create x --config min.insync'.split(' '))
    expect(candidates.find(({ text }) => text === 'min.insync.replicas=')).toEqual({
      text: 'min.insync.replicas=',
      note: 'int, default 1, [1,...]',
      isOpen: true,
    })
  })
})

it('answers to whatever is typed', async () => {
  const pieces = [...facts.keys()]
    .flatMap((id) => id.split(':'))
    .concat(['--', '-o', '--topic=', '--config', '', '=', ':', '-X', ','])
  const word = fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 8 }))
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 7 }), async (words) => {
      const { candidates } = await candidatesFor(source, words)
      expect(candidates.every(({ text }) => typeof text === 'string')).toBe(true)
    }),
  )
})

describe('the target of a line', () => {
  it.each([
    ['topics list -b a:1 --topic ', { 'bootstrap-server': 'a:1' }],
    ['topics list --bootstrap-server=a:1 ', { 'bootstrap-server': 'a:1' }],
    ['consume x --data-dir d --command-config c ', { 'data-dir': 'd', 'command-config': 'c' }],
    ['topics list -b a:1', {}],
    ['run -- x -b a:1 ', {}],
  ])('%s', (line, flags) => {
    expect(targetFlags(line.split(' '))).toEqual(flags)
  })
})

it('has a script for every shell that the command takes', () => {
  const text = readFileSync(`${root}/commands/completion.ts`, 'utf8')
  expect(text).toContain("['bash', 'zsh', 'fish']")
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    expect(completionScript(shell, ['kafka-topics'])).toMatch(/kcli kafka-topics kafka-topics\.sh/)
  }
})
