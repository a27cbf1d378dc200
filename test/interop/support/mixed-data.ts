import type { JavaDriver, JavaRecord, ProduceStep } from './driver.ts'

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

const FIRST_TIME_MS = 1_750_000_000_000

/** Keys, nulls, headers, bytes and times of every kind, out of order now and then; no two records are the same. */
export function mixedRecords(
  topic: string,
  from: number,
  count: number,
  options: { partition?: number; keys?: number } = {},
): JavaRecord[] {
  const { partition = 0, keys = 5 } = options
  return Array.from({ length: count }, (_, j) => {
    const i = from + j
    return {
      ...{ topic, partition },
      timestamp: FIRST_TIME_MS + i * 1_000 - (i % 10 === 9 ? 5_500 : 0),
      key: options.keys === undefined && i % 3 === 0 ? null : `key-${i % keys}`,
      value: i % 7 === 6 ? null : i % 11 === 5 ? { base64: '/wABgP8=' } : text(i),
      headers:
        i % 4 === 0
          ? ([
              ['trace', `t${i}`],
              ['empty', ''],
              ['null', null],
              ['trace', { base64: '/wAB' }],
            ] as const)
          : [],
    }
  })
}

const text = (i: number) =>
  `record ${i} of a small but repetitive, repetitive text ${'and so on '.repeat(i % 17)}`

/** Batches of several sizes, each flushed. */
export function inBatches(records: readonly JavaRecord[], ...sizes: readonly number[]): ProduceStep[] {
  const steps: ProduceStep[] = []
  for (let at = 0, i = 0; at < records.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    steps.push({ send: records.slice(at, at + size) }, { flush: true })
    at += size
  }
  return steps
}

/** Sends all steps; a record that was refused is an error. */
export async function produceAll(
  java: JavaDriver,
  bootstrap: string,
  config: Readonly<Record<string, string>>,
  steps: readonly ProduceStep[],
): Promise<void> {
  const whole = { 'bootstrap.servers': bootstrap, 'linger.ms': '10000', ...config }
  const { sent } = await java.produce(whole, steps)
  const refused = sent.find(({ error }) => error !== undefined)
  if (refused !== undefined) throw new Error(`a record was refused: ${refused.error}`)
}

/** A batch of an idempotent producer under numbers of our own, so that it can be sent again after a move. */
export async function numberedBatch(
  java: JavaDriver,
  at: { port: number; topic: string; partition?: number },
  numbers: { producerId: number; producerEpoch: number; baseSequence: number },
  values: readonly string[],
): Promise<{ errorCode: number; baseOffset: number }> {
  // Producers that have sent nothing for a day are forgotten, by the times of their records.
  const records = values.map((value) => ({ timestamp: Date.now(), key: null, value }))
  const { base64 } = await java.call<{ base64: string }>('records', { ...numbers, records })
  const partitionData = [{ index: at.partition ?? 0, records: base64 }]
  const topicData = [{ name: at.topic, partitionData }]
  const body = { transactionalId: null, acks: -1, timeoutMs: 10_000, topicData }
  const { response } = await java.send({ port: at.port, apiKey: 0, version: 9, body })
  const { responses } = response as {
    responses: { partitionResponses: { errorCode: number; baseOffset: number }[] }[]
  }
  const answer = responses[0]?.partitionResponses[0]
  if (answer === undefined) throw new Error('no answer to a batch')
  return { errorCode: answer.errorCode, baseOffset: answer.baseOffset }
}

export async function newProducerId(
  java: JavaDriver,
  port: number,
): Promise<{ producerId: number; producerEpoch: number }> {
  for (let attempt = 0; ; attempt++) {
    const body = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 }
    const { response } = await java.send({ port, apiKey: 22, version: 4, body })
    const answer = response as { errorCode: number; producerId: number; producerEpoch: number }
    if (answer.errorCode === 0) return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    // The first id of a broker has to wait for a block of them.
    if (attempt === 100) throw new Error(`no producer id: error ${answer.errorCode}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export async function deleteRecords(
  java: JavaDriver,
  at: { port: number; topic: string; partition?: number },
  offset: number,
): Promise<void> {
  const topics = [{ name: at.topic, partitions: [{ partitionIndex: at.partition ?? 0, offset }] }]
  const { response } = await java.send({
    ...{ port: at.port, apiKey: 21, version: 2 },
    body: { topics, timeoutMs: 10_000 },
  })
  const answer = response as { topics: { partitions: { errorCode: number; lowWatermark: number }[] }[] }
  const [partition] = answer.topics[0]?.partitions ?? []
  if (partition?.errorCode !== 0 || partition.lowWatermark !== offset)
    throw new Error(`records of ${at.topic} are not deleted: ${JSON.stringify(answer)}`)
}
