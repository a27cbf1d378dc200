import { systemRandom } from '../../../base/random.ts'
import { type ClientSettings, Producer, type ProducerConfig } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { Meter } from '../../output/meter.ts'
import { sizeText } from '../../output/text.ts'
import { optionsWith } from '../../target.ts'
import { chartOptions, distributionText } from './latency-text.ts'
import { metricsText } from './metrics-text.ts'
import { randomPayloads } from './payloads.ts'
import { SendStats, type SendTotals } from './produce-stats.ts'
import { sendLoad } from './send-load.ts'

export interface PerfProduceOptions {
  readonly topic: string
  readonly records: number
  readonly sizeBytes: number
  /** Infinite: as fast as it goes. */
  readonly perSecond: number
  readonly showMetrics: boolean
  readonly client: ClientSettings
  readonly producer: ProducerConfig
}

/** Sends records of random letters and tells how fast they were stored. */
export async function perfProduce(context: CommandContext, options: PerfProduceOptions): Promise<number> {
  const { clock, out, signal } = context
  const target = await context.target()
  const producer = new Producer(optionsWith(target, options.client), options.producer)
  let failed = 0
  let firstError: Error | undefined
  const onError = (error: Error) => {
    failed++
    firstError ??= error
  }
  try {
    await producer.prepare(options.topic)
    const payloads = randomPayloads(systemRandom, options.sizeBytes)
    const stats = new SendStats(options.records, clock.nowMs(), () => undefined)
    const meter = new Meter({ clock, unit: 'records' })
    const stored = () => stats.soFar(clock.nowMs()).records
    const progress = context.progress(() => meter.line('Sending', stored(), options.records))
    await sendLoad(clock, producer, stats, { ...options, payloads, signal, onError })
    await producer.flush()
    progress.stop()
    const totals = stats.totals(clock.nowMs())
    await out.object(
      { topic: options.topic, ...dataOf(totals), failed },
      async () => {
        const chart = await chartOptions(context)
        return `${textOf(totals, failed)}\n${distributionText(stats.distribution, chart)}`
      },
      () => [options.topic],
    )
    if (options.showMetrics) out.note(metricsText(producer.metrics()))
  } finally {
    producer.abandon()
  }
  if (firstError !== undefined) throw firstError
  return EXIT.done
}

function dataOf(totals: SendTotals) {
  const { records, bytes, elapsedMs, totalLatencyMs, maxLatencyMs, p50Ms, p95Ms, p99Ms, p999Ms } = totals
  const seconds = Math.max(1, elapsedMs) / 1000
  return {
    records,
    sizeBytes: bytes,
    elapsedMs,
    recordsPerSecond: records / seconds,
    bytesPerSecond: bytes / seconds,
    latencyMs: {
      avg: records === 0 ? null : totalLatencyMs / records,
      max: maxLatencyMs,
      p50: p50Ms,
      p95: p95Ms,
      p99: p99Ms,
      p999: p999Ms,
    },
  }
}

function textOf(totals: SendTotals, failed: number): string {
  const { records, elapsedMs, recordsPerSecond, bytesPerSecond, latencyMs } = dataOf(totals)
  const rows = [
    ['records', records.toLocaleString('en')],
    ...(failed > 0 ? [['failed', failed.toLocaleString('en')]] : []),
    ['time', `${(elapsedMs / 1000).toFixed(2)} s`],
    [
      'throughput',
      `${Math.round(recordsPerSecond).toLocaleString('en')} records/s, ${sizeText(bytesPerSecond)}/s`,
    ],
    [
      'latency',
      `avg ${latencyMs.avg?.toFixed(1) ?? '-'} ms, 50% ${latencyMs.p50} ms, 95% ${latencyMs.p95} ms, 99% ${latencyMs.p99} ms, 99.9% ${latencyMs.p999} ms, max ${latencyMs.max} ms`,
    ],
  ]
  return rows.map(([name = '', text]) => `${name.padEnd(12)}${text}\n`).join('')
}
