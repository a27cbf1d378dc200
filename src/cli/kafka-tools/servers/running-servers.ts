import { hostname } from 'node:os'
import path from 'node:path'
import type { FileLock } from '../../../base/file-lock.ts'
import type { ClusterPorts } from '../../../cluster/index.ts'
import { stateDirectory } from '../../state-directory.ts'

export type ServerKind = 'kafka' | 'zookeeper'

/** Where it is written down which servers run, with a folder for what each of them needs beside its data. */
export function serversDirectory(): string {
  return path.join(stateDirectory(process.env), 'servers')
}

/**
 * The servers of this user on this machine that were started under Kafka's names: what Kafka's scripts find in the list of
 * processes. Each holds a lock on a file with its process id in the name; the lock ends with the process, however that ends.
 */
export class RunningServers {
  private readonly fs: ClusterPorts['fs']
  private readonly locks: ClusterPorts['locks']
  private readonly directory: string
  /** A home may be shared by machines and containers, in which the same ids are other processes. */
  private readonly host = hostname().replaceAll(/[^\w.-]/g, '_')

  constructor({ fs, locks }: Pick<ClusterPorts, 'fs' | 'locks'>, directory: string) {
    this.fs = fs
    this.locks = locks
    this.directory = directory
  }

  /** From here on this process is one of them, until it ends or this is given back. */
  add(kind: ServerKind): FileLock {
    this.fs.mkdirSync(this.directory)
    const file = this.fileOf(kind, process.pid)
    const lock = this.locks.tryLock(file)
    return {
      release: () => {
        this.fs.removeSync(file)
        lock?.release()
      },
    }
  }

  pids(kind: ServerKind): number[] {
    if (!this.fs.existsSync(this.directory)) return []
    const pids: number[] = []
    for (const name of this.fs.readdirSync(this.directory)) {
      const pid = Number(new RegExp(`^${kind}-(\\d+)@`).exec(name)?.[1])
      const file = this.fileOf(kind, pid)
      if (!Number.isInteger(pid) || name !== path.basename(file)) continue
      if (this.locks.isHeld(file)) pids.push(pid)
      else this.fs.removeSync(file)
    }
    return pids
  }

  private fileOf(kind: ServerKind, pid: number): string {
    return path.join(this.directory, `${kind}-${pid}@${this.host}`)
  }
}
