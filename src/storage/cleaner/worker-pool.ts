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
    try {
      const result = await runIn(worker, { type: 'pass', job, shared: control.shared }, swap)
      this.keep(worker)
      return result
    } catch (error) {
      // What it did last may not have been the end of it, so it is not used again.
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
      return worker
    }
    const worker = new Worker(this.file, { name: 'kcli-compaction' })
    // One that fails between two passes is of no use, and no reason to end the process.
    const drop = () => {
      this.idle.get(worker)?.cancel()
      this.idle.delete(worker)
    }
    worker.on('error', drop)
    worker.on('exit', drop)
    return worker
  }

  private keep(worker: Worker): void {
    worker.unref()
    const end = () => {
      this.idle.delete(worker)
      void worker.terminate()
    }
    this.idle.set(worker, this.clock.setTimer(IDLE_MS, end, { unref: true }))
  }
}

function runIn(
  worker: Worker,
  pass: ToWorker,
  swap: (group: CleanedGroup) => Promise<boolean>,
): Promise<PassResult> {
  return new Promise<PassResult>((resolve, reject) => {
    const say = (message: ToWorker) => worker.postMessage(message)
    const settle = (act: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      act()
    }
    const onError = (error: unknown) => settle(() => reject(error))
    const onExit = (code: number) => onError(new Error(`the worker of compaction ended with ${code}`))
    const onMessage = (message: FromWorker) => {
      if (message.type === 'done') settle(() => resolve(message.result))
      else if (message.type === 'failed') onError(errorOf(message.error))
      else swap(message.group).then((isIn) => say({ type: 'swapped', isIn }), onError)
    }
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    // The process must not end while the files of a pass are under way.
    worker.ref()
    say(pass)
  })
}
