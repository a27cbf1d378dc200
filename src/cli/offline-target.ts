import { systemClock } from '../base/clock.ts'
import { silentLogger } from '../base/logger.ts'
import { nodeFileSystem } from '../base/node-file-system.ts'
import { systemRandom } from '../base/random.ts'
import { Admin, type ClientOptions } from '../client/index.ts'
import { openOffline } from '../offline/index.ts'
import { ObserverSlot } from './explain/slot.ts'
import type { Target } from './target.ts'

/** The files of a data directory in the place of a cluster. Nothing is started and nothing is written. */
export function openOfflineTarget(
  dataDir: string,
  times: Partial<ClientOptions>,
  warn: (text: string) => void,
): Target {
  const ports = { fs: nodeFileSystem, clock: systemClock, random: systemRandom }
  const offline = openOffline({ ...ports, logger: { ...silentLogger, warn } }, dataDir)
  const { serverPid } = offline
  if (serverPid !== undefined && isAlive(serverPid)) {
    warn(`process ${serverPid} serves ${dataDir}: what its files hold at this moment is read`)
  }
  const observer = new ObserverSlot()
  const clientOptions: ClientOptions = { ...offline.clientOptions, ...times, observer }
  const admin = new Admin(clientOptions)
  return {
    describe: dataDir,
    isLocal: true,
    clientOptions,
    admin,
    observer,
    offline,
    async close() {
      await admin.close()
      await offline.close()
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It lives, and is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
