import type { Random } from '../../../base/random.ts'

/** What tells the records of a run from all others, and from each other. */
const RUN_BYTES = 8
export const STAMP_BYTES = RUN_BYTES + 4

/** Values that say which record of which run they are, filled up with letters. */
export class StampedValues {
  private readonly template: Buffer

  constructor(random: Random, sizeBytes: number) {
    this.template = Buffer.alloc(Math.max(STAMP_BYTES, sizeBytes), 'k')
    for (let i = 0; i < RUN_BYTES; i++) this.template[i] = random.int(256)
  }

  value(index: number): Buffer {
    const value = Buffer.from(this.template)
    value.writeUInt32BE(index, RUN_BYTES)
    return value
  }

  /** Undefined for what somebody else sent. */
  indexOf(value: Uint8Array | null): number | undefined {
    const { template } = this
    if (value === null || value.length !== template.length) return undefined
    for (let i = 0; i < RUN_BYTES; i++) if (value[i] !== template[i]) return undefined
    return Buffer.from(value.buffer, value.byteOffset, value.length).readUInt32BE(RUN_BYTES)
  }
}
