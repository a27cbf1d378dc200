import type { Clock } from '../../base/clock.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { type CleanedGroup, cleanLog, type PassJob, type PassResult } from './cleaning-pass.ts'
import { type PassControl, YieldingPace } from './pace.ts'

/** Where passes run. */
export interface PassRunner {
  /** As `cleanLog`; `control` speaks to the pass while it runs. */
  run(
    job: PassJob,
    control: PassControl,
    swap: (group: CleanedGroup) => Promise<boolean>,
  ): Promise<PassResult>
  /** After the last pass has ended. */
  close(): Promise<void>
}

/** On the main thread, with a turn for the others after each piece of work: for tests, and where no worker can be. */
export class InProcessRunner implements PassRunner {
  private readonly fs: FileSystem
  private readonly clock: Clock

  constructor(fs: FileSystem, clock: Clock) {
    this.fs = fs
    this.clock = clock
  }

  run(
    job: PassJob,
    control: PassControl,
    swap: (group: CleanedGroup) => Promise<boolean>,
  ): Promise<PassResult> {
    const { fs, clock } = this
    return cleanLog(job, {
      fs,
      pace: new YieldingPace(control, clock),
      monotonicMs: () => clock.monotonicMs(),
      swap,
    })
  }

  async close(): Promise<void> {
    // Nothing is kept between passes.
  }
}
