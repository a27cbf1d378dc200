import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryDirectory } from '../support/temporary.ts'
import { asExpected, CASES, comparable, copyGolden, expectedOf, open, readAll, treeHash } from './support.ts'

/** What Apache Kafka's consumer read from its own broker. */
describe.each(CASES)('the log that Kafka wrote: %s', (name) => {
  const expected = expectedOf(name)

  it('gives every record', async () => {
    const logDir = path.join(temporaryDirectory(), 'kafka-logs')
    copyGolden(logDir, [name])
    const before = treeHash(logDir)
    const { target, warnings } = open(logDir)
    const records = await readAll(target, expected.topic)
    expect(asExpected(records)).toEqual(comparable(expected.records))
    expect(warnings).toEqual([])
    expect(target.failures).toBe(0)
    expect(treeHash(logDir)).toBe(before)
  })

  it('gives what is committed', async () => {
    const logDir = path.join(temporaryDirectory(), 'kafka-logs')
    copyGolden(logDir, [name])
    const { target } = open(logDir)
    const records = await readAll(target, expected.topic, { isolationLevel: 'read_committed' })
    expect(asExpected(records)).toEqual(comparable(expected.committed ?? expected.records))
  })
})
