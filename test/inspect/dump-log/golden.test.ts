/** What the real kafka-dump-log printed for the files it wrote, line for line. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../../src/base/node-file-system.ts'
import { type DumpLogOptions, dumpLogSegments } from '../../../src/inspect/dump-log/dump-log.ts'

const GOLDEN = path.resolve('test/golden/segments')
const STRING = 'org.apache.kafka.tools.api.StringDecoder'

const DEFAULTS: DumpLogOptions = {
  files: [],
  printDataLog: true,
  deepIteration: true,
  verifyIndexOnly: false,
  indexSanityCheck: false,
  skipRecordMetadata: false,
  decoder: { kind: 'classes', key: () => STRING, value: () => STRING },
  maxMessageSize: () => 5 * 1024 * 1024,
  maxBytes: () => 0x7fffffff,
}

async function dump(
  file: string,
  options: Partial<DumpLogOptions> = {},
): Promise<{ out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const output = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    waiting: undefined,
  }
  await dumpLogSegments(nodeFileSystem, { ...DEFAULTS, files: [file], ...options }, output, '/work')
  return { out: out.join(''), err: err.join('') }
}

const topics = readdirSync(GOLDEN).filter((name) => existsSync(path.join(GOLDEN, name, 'dump')))

describe('dumpLogSegments', () => {
  const cases = topics.flatMap((topic) =>
    readdirSync(path.join(GOLDEN, topic, 'dump')).map((name) => [topic, name.replace(/\.txt$/, '')] as const),
  )
  it('has golden files', () => expect(cases.length).toBeGreaterThan(90))

  it.each(cases)('%s %s', async (topic, name) => {
    const expected = readFileSync(path.join(GOLDEN, topic, 'dump', `${name}.txt`), 'utf8')
    const relative = /^Dumping (.*)$/m.exec(expected)?.[1] ?? ''
    const kind = relative.startsWith('__consumer_offsets')
      ? 'offsets'
      : relative.startsWith('__transaction_state')
        ? 'transaction-log'
        : undefined
    const options = kind === undefined ? {} : { decoder: { kind } as const }
    const { out, err } = await dump(path.join(GOLDEN, topic, relative), options)
    expect(err).toBe('')
    expect(out.replaceAll(`${path.join(GOLDEN, topic)}/`, '')).toBe(expected)
  })
})
