/** The entry of a compaction worker: cleans the logs that it is given, one after the other, on the real file system. */
import { parentPort } from 'node:worker_threads'
import { assert } from '../../base/assert.ts'
import { systemClock } from '../../base/clock.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { cleanLog, type PassJob } from './cleaning-pass.ts'
import { BlockingPace, PassControl } from './pace.ts'
import { type FromWorker, plainError, type ToWorker } from './worker-messages.ts'

assert(parentPort !== null, 'this is a worker')
const port = parentPort
const say = (message: FromWorker) => port.postMessage(message)
let onSwapped: ((isIn: boolean) => void) | undefined

async function clean(job: PassJob, control: PassControl): Promise<void> {
  try {
    const result = await cleanLog(job, {
      fs: nodeFileSystem,
      pace: new BlockingPace(control, systemClock),
      monotonicMs: () => systemClock.monotonicMs(),
      swap: (group) =>
        new Promise((resolve) => {
          onSwapped = resolve
          say({ type: 'group', group })
        }),
    })
    say({ type: 'done', result })
  } catch (error) {
    say({ type: 'failed', error: plainError(error) })
  }
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'pass') void clean(message.job, new PassControl(message.shared))
  else onSwapped?.(message.isIn)
})
