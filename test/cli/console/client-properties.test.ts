import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { consoleConsumerOptions } from '../../../src/cli/console/consumer-flags.ts'
import { consoleProducerOptions } from '../../../src/cli/console/producer-flags.ts'
import { exitCodeOf } from '../../../src/cli/exit-codes.ts'

function propertyFile(text: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'kcli-properties-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const file = path.join(dir, 'client.properties')
  writeFileSync(file, text)
  return file
}

const silent = () => undefined

describe('console-producer: properties', () => {
  it('lets flags win over properties, those over the file, and that over the defaults', () => {
    const { client, producer } = consoleProducerOptions(
      {
        topic: 't',
        'producer.config': propertyFile('acks=1\nbatch.size=1\nlinger.ms=2\nclient.id=me\n'),
        'producer-property': ['batch.size=3', 'linger.ms=4'],
        timeout: 5,
      },
      silent,
    )
    expect(producer).toEqual({ acks: 1, batchSizeBytes: 3, lingerMs: 5, requestTimeoutMs: 1500 })
    expect(client).toEqual({ clientId: 'me', requestTimeoutMs: 1500 })
  })

  it('warns of what it does not know, and refuses what it cannot do', () => {
    const warnings: string[] = []
    consoleProducerOptions({ topic: 't', 'producer-property': ['linger.m=1'] }, (text) => warnings.push(text))
    expect(warnings).toEqual(['the configuration linger.m is not known. Did you mean linger.ms?'])
    const refused = () =>
      consoleProducerOptions({ topic: 't', 'producer-property': ['security.protocol=SSL'] }, silent)
    expect(refused).toThrow('security.protocol is SSL')
    expect(exitCodeOf(caught(refused))).toBe(2)
  })
})

describe('console-consumer: properties', () => {
  it('takes them from the file and the command line', () => {
    const { client, consumer, range } = consoleConsumerOptions(
      {
        topic: 't',
        'isolation-level': 'read_uncommitted',
        'consumer.config': propertyFile('fetch.min.bytes=10\nisolation.level=read_committed\n'),
        'consumer-property': ['auto.offset.reset=earliest', 'request.timeout.ms=7'],
      },
      silent,
    )
    expect(consumer).toMatchObject({ fetchMinBytes: 10, isolationLevel: 'read_committed' })
    expect(client).toMatchObject({ requestTimeoutMs: 7 })
    expect(range).toEqual({ from: { kind: 'start', plus: 0 } })
  })
})

function caught(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}
