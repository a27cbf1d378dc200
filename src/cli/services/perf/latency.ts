import { systemRandom } from '../../../base/random.ts'
import {
  type ClientSettings,
  Consumer,
  type ConsumerConfig,
  Producer,
  type ProducerConfig,
} from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { optionsWith } from '../../target.ts'
import { selectPartitions } from '../consume.ts'
import type { LatencyHistogram } from './latency-histogram.ts'
import { LatencyRun, type LatencyRunOptions } from './latency-run.ts'
import { chartOptions, distributionText, latencyText } from './latency-text.ts'
import { STAMP_BYTES } from './stamped.ts'

export interface PerfLatencyOptions extends Omit<LatencyRunOptions, 'clock' | 'random' | 'signal'> {
  readonly producer: { readonly client: ClientSettings; readonly producer: ProducerConfig }
  readonly consumer: { readonly client: ClientSettings; readonly consumer: ConsumerConfig }
}

/** How long records take from a producer through the brokers to a consumer. */
export async function perfLatency(context: CommandContext, options: PerfLatencyOptions): Promise<number> {
  const { clock, signal, out } = context
  const target = await context.target()
  const producer = new Producer(optionsWith(target, options.producer.client), options.producer.producer)
  const consumer = new Consumer(optionsWith(target, options.consumer.client), options.consumer.consumer)
  const run = new LatencyRun({ ...options, clock, random: systemRandom, signal })
  try {
    await producer.prepare(options.topic)
    const partitions = await selectPartitions(consumer, [options.topic], [])
    consumer.assign(partitions.map((at) => ({ ...at, from: 'latest' as const })))
    await consumer.begin()
    const progress = context.progress(() => `${run.latencies.count} of ${options.records} records`)
    try {
      await run.run(producer, consumer)
    } finally {
      progress.stop()
    }
  } finally {
    producer.abandon()
    await consumer.close()
  }
  await show(context, options, run)
  if (run.firstError !== undefined) throw run.firstError
  if (run.lost === 0) return EXIT.done
  out.warn(`${run.lost} records did not come back within ${options.idleTimeoutMs} ms`)
  return EXIT.failed
}

async function show(
  context: CommandContext,
  { topic, perSecond, sizeBytes }: PerfLatencyOptions,
  run: LatencyRun,
): Promise<void> {
  const { latencies, delays, failed, lost, elapsedMs } = run
  const bins = latencies.distribution
  const data = {
    topic,
    records: latencies.count,
    recordSizeBytes: Math.max(STAMP_BYTES, sizeBytes),
    recordsPerSecond: perSecond,
    elapsedMs,
    failed,
    lost,
    latencyUs: sharesOf(latencies),
    sendDelayUs: sharesOf(delays),
    distribution: bins.map(({ fromUs, toUs, count }) => ({ fromUs, toUs, records: count })),
  }
  await context.out.object(data, async () => {
    const rows = [
      ['records', `${data.records} of ${data.recordSizeBytes} bytes, ${perSecond} a second`],
      ...(failed + lost > 0 ? [['missing', `${failed} refused, ${lost} lost`]] : []),
      ['latency', sharesText(data.latencyUs)],
      ['sent late', sharesText(data.sendDelayUs)],
    ]
    const facts = rows.map(([name = '', text]) => `${name.padEnd(12)}${text}\n`).join('')
    return bins.length === 0 ? facts : `${facts}\n${distributionText(bins, await chartOptions(context))}`
  })
}

function sharesOf(histogram: LatencyHistogram) {
  return {
    min: histogram.minUs,
    mean: histogram.meanUs,
    p50: histogram.percentileUs(0.5),
    p90: histogram.percentileUs(0.9),
    p99: histogram.percentileUs(0.99),
    p999: histogram.percentileUs(0.999),
    max: histogram.maxUs,
  }
}

function sharesText({ min, mean, p50, p90, p99, p999, max }: ReturnType<typeof sharesOf>): string {
  const parts = { min, mean, '50%': p50, '90%': p90, '99%': p99, '99.9%': p999, max }
  return Object.entries(parts)
    .map(([name, us]) => `${name} ${latencyText(us)}`)
    .join(', ')
}
