import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../base/clock.ts'
import type { CleanedGroup, PassJob, PassResult } from './cleaning-pass.ts'
import type { PassControl } from './pace.ts'
import type { PassRunner } from './pass-runner.ts'
import { errorOf, type FromWorker, type ToWorker } from './worker-messages.ts'

/** A worker takes some megabytes, which an idle cluster need not have. */
const IDLE_MS = 30_000

/** Passes in threads of their own: `file` is the bundle of `worker-main.ts`. A thread is made when there is work. */
export class WorkerPool implements PassRunner {
  private readonly file: URL
  private readonly clock: Clock
  /** With the timer that ends it. */
  private readonly idle = new Map<Worker, Timer>()

  constructor(file: URL, clock: Clock) {
    this.file = file
    this.clock = clock
  }

  async run(
    job: PassJob,
    control: PassControl,
    swap: (group: CleanedGroup) => Promise<boolean>,
  ): Promise<PassResult> {
    const worker = this.take()
    const say = (message: ToWorker) => worker.postMessage(message)
    try {
      // The process must not end while the files of a pass are under way.
      worker.ref()
      const result = await new Promise<PassResult>((resolve, reject) => {
        worker.on('message', (message: FromWorker) => {
          if (message.type === 'done') resolve(message.result)
          else if (message.type === 'failed') reject(errorOf(message.error))
          else {
            swap(message.group).then(
              (isIn) => say({ type: 'swapped', isIn }),
              (error: unknown) => {
                // It waits for an answer that cannot be given.
                void worker.terminate()
                reject(error)
              },
            )
          }
        })
        worker.on('error', reject)
        worker.on('exit', (code) => reject(new Error(`the worker of compaction ended with ${code}`)))
        say({ type: 'pass', job, shared: control.shared })
      })
      this.keep(worker)
      return result
    } catch (error) {
      // What it did last may not have been the end of it, so it is not used again.
      worker.removeAllListeners()
      await worker.terminate()
      throw error
    }
  }

  async close(): Promise<void> {
    const workers = [...this.idle]
    this.idle.clear()
    for (const [, timer] of workers) timer.cancel()
    await Promise.all(workers.map(([worker]) => worker.terminate()))
  }

  private take(): Worker {
    for (const [worker, timer] of this.idle) {
      timer.cancel()
      this.idle.delete(worker)
      worker.removeAllListeners()
      return worker
    }
    return new Worker(this.file, { name: 'kcli-compaction' })
  }

  private keep(worker: Worker): void {
    worker.removeAllListeners()
    // One that ends by itself now is of no use, and no reason to end the process.
    worker.on('error', () => this.drop(worker))
    worker.on('exit', () => this.drop(worker))
    worker.unref()
    const end = () => {
      this.drop(worker)
      void worker.terminate()
    }
    this.idle.set(worker, this.clock.setTimer(IDLE_MS, end, { unref: true }))
  }

  private drop(worker: Worker): void {
    this.idle.get(worker)?.cancel()
    this.idle.delete(worker)
  }
}
