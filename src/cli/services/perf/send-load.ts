import { type Clock, sleep } from '../../../base/clock.ts'
import type { DeliveryCallback, Producer } from '../../../client/index.ts'
import type { Payloads } from './payloads.ts'
import type { SendStats } from './produce-stats.ts'

export interface SendLoad {
  readonly topic: string
  readonly records: number
  readonly payloads: Payloads
  /** Records per second; infinite: as fast as it goes. */
  readonly perSecond: number
  /** Told of each record that was not stored. */
  readonly onError: (error: Error) => void
  readonly signal: AbortSignal
}

/** Records that are appended between two looks at the clock and at what the brokers said. */
const STEP_RECORDS = 500

/** Sends the load; resolves when all of it has been given to the producer, not when it is stored. */
export async function sendLoad(
  clock: Clock,
  producer: Producer,
  stats: SendStats,
  load: SendLoad,
): Promise<void> {
  const { topic, records, payloads, signal } = load
  const startMs = clock.monotonicMs()
  let step = new Step(clock, stats, load)
  for (let i = 0; i < records && !signal.aborted; i++) {
    if (step.isOver) {
      await turn(clock)
      step = new Step(clock, stats, load)
    }
    const value = payloads(i)
    const callback = step.callback(value.length)
    try {
      if (!producer.append({ topic, value, timestampMs: step.nowMs }, callback)) {
        await producer.ready()
        step = new Step(clock, stats, load)
      }
    } catch (error) {
      callback(error as Error, null)
    }
    if (load.perSecond === Number.POSITIVE_INFINITY) continue
    // A record comes no earlier than its share of the time.
    const aheadMs = ((i + 1) * 1000) / load.perSecond - (clock.monotonicMs() - startMs)
    if (aheadMs < 1) continue
    await sleep(clock, aheadMs)
    step = new Step(clock, stats, load)
  }
}

/** Records of one moment: they have the same time, and those of the same size the same callback. */
class Step {
  readonly nowMs: number
  private readonly clock: Clock
  private readonly stats: SendStats
  private readonly load: SendLoad
  private left = STEP_RECORDS
  private sizeBytes = -1
  private shared: DeliveryCallback = () => undefined

  constructor(clock: Clock, stats: SendStats, load: SendLoad) {
    this.nowMs = clock.nowMs()
    this.clock = clock
    this.stats = stats
    this.load = load
  }

  get isOver(): boolean {
    return this.left === 0
  }

  callback(sizeBytes: number): DeliveryCallback {
    this.left--
    if (this.sizeBytes === sizeBytes) return this.shared
    this.sizeBytes = sizeBytes
    const { clock, stats, load, nowMs } = this
    this.shared = (error) => {
      if (error === null) {
        const ackedMs = clock.nowMs()
        stats.record(ackedMs - nowMs, sizeBytes, ackedMs)
      } else {
        stats.failed()
        load.onError(error)
      }
    }
    return this.shared
  }
}

/** Lets the loop take and send what there is. */
function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.defer(resolve))
}
