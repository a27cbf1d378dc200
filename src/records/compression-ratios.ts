/** How fast the estimate follows: down slowly, up at once by much, so that batches rarely come out too large. */
const IMPROVING_STEP = 0.005
const DETERIORATE_STEP = 0.05

/**
 * How well each topic compresses with each codec, for `estimatedRatio` of the next batch
 * (org.apache.kafka.common.record.CompressionRatioEstimator).
 */
export class CompressionRatios {
  private readonly ratios = new Map<string, number>()

  estimate(topic: string, codec: number): number {
    return this.ratios.get(`${codec}:${topic}`) ?? 1
  }

  /** `observed` is compressed by uncompressed size of a finished batch, heads not counted. */
  update(topic: string, codec: number, observed: number): void {
    const current = this.estimate(topic, codec)
    const next =
      observed > current
        ? Math.max(current + DETERIORATE_STEP, observed)
        : Math.max(current - IMPROVING_STEP, observed)
    this.ratios.set(`${codec}:${topic}`, next)
  }

  /** After a batch was refused as too large (Kafka's producer splits it and forgets its hopes). */
  reset(topic: string, codec: number, ratio = 1): void {
    this.ratios.set(`${codec}:${topic}`, ratio)
  }
}
