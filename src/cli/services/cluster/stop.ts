import { sleep } from '../../../base/clock.ts'
import { KcliError, systemErrorCode } from '../../../base/errors.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import {
  type ClusterPorts,
  DataDirectory,
  isServed,
  type ServerInfo,
  systemPorts,
} from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { localDirectory } from './start.ts'

const START_PATIENCE_MS = 5_000

/** Asks the server of a data directory to end and waits until it has. That nobody serves it is fine. */
export async function stopCluster(context: CommandContext): Promise<number> {
  const { clock, signal, timeoutMs } = context
  const directory = new DataDirectory(nodeFileSystem, localDirectory(context))
  const report = (state: string, sentence: string) =>
    context.out.object(
      { state, dataDir: directory.path },
      () => `${sentence}\n`,
      () => [directory.path],
    )
  const ports = systemPorts()
  if (!isServed(ports, directory)) {
    await report('stopped', `Nothing runs on ${directory.path}.`)
    return EXIT.done
  }
  const server = await whoServes(context, directory)
  if (server === undefined) {
    throw new KcliError(
      'KCLI_UNKNOWN_SERVER',
      `${directory.path} is in use, and its server has not said who it is`,
      {
        hint: 'It may just be starting: try again in a moment.',
      },
    )
  }
  tellToEnd(server.pid)
  const deadlineMs = clock.monotonicMs() + timeoutMs
  while (!signal.aborted && isServedBy(ports, directory, server.pid)) {
    if (clock.monotonicMs() > deadlineMs) {
      throw new KcliError('KCLI_STOP_TIMEOUT', `process ${server.pid} has not ended within ${timeoutMs} ms`, {
        hint: 'It may be writing a lot to disk: wait, or give more time with --timeout.',
      })
    }
    await sleep(clock, 25)
  }
  await report('stopped', `Stopped process ${server.pid}.`)
  return EXIT.done
}

/** Who has just taken the directory says so when its brokers are up. */
async function whoServes(context: CommandContext, directory: DataDirectory): Promise<ServerInfo | undefined> {
  const { clock, signal } = context
  const deadlineMs = clock.monotonicMs() + START_PATIENCE_MS
  for (;;) {
    const server = directory.readServerInfo()
    if (server !== undefined || signal.aborted || clock.monotonicMs() > deadlineMs) return server
    await sleep(clock, 25)
  }
}

/** Another command may have taken the directory over in the meantime; that is not the server any more. */
function isServedBy(ports: ClusterPorts, directory: DataDirectory, pid: number): boolean {
  return isServed(ports, directory) && (directory.readServerInfo()?.pid ?? pid) === pid
}

function tellToEnd(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return
    throw new KcliError(
      'KCLI_STOP_FAILED',
      `process ${pid} cannot be told to end (${systemErrorCode(error)})`,
      {
        hint: 'It may belong to another user.',
        cause: error,
      },
    )
  }
}
