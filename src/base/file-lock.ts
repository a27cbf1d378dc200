/**
 * A lock on a file that dies with its process, however that ends.
 *
 * It is the POSIX record lock on the whole file that Java's `FileChannel.lock` takes, so that Apache Kafka and kcli keep
 * each other out of a data directory (`.lock`). Two things to know of these locks:
 *
 * - They belong to the process: a second lock on the same file in the same process is granted. {@link FileLocks} keeps
 *   account of its own, so one of it must be shared by all that may meet on a file.
 * - The process loses the lock when it closes any descriptor of the file, also one it has only read with. Nobody may
 *   open a lock file but this class.
 *
 * They work over NFS if the server has locking. Where there is no native call (koffi is not installed, Windows), an
 * owner file beside the lock file says which process holds it; it counts as gone when that process is. That is known
 * only on the same machine and in the same process namespace; without `/proc` a new process that was given the old
 * number is taken for the old one; and those who lock natively, Kafka among them, do not look at it.
 */

import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { messageOf, systemErrorCode } from './errors.ts'
import { type NativeFunction, nativeFunction, systemCallError } from './native-function.ts'

export interface FileLock {
  /** Gives the lock up; a second call does nothing. The file stays. */
  release(): void
}

type LockFunction = (fd: number, command: number, length: number) => number

type Native = NativeFunction<LockFunction>

/** Lock, or fail at once when somebody else has it (lockf(3), unistd.h). */
const F_TLOCK = 2
/** Says whether somebody else has it. */
const F_TEST = 3

export class FileLocks {
  private readonly held = new Set<string>()
  private native: Native | null | undefined

  /** `native: false` takes the way without native calls. */
  constructor(options: { native?: boolean } = {}) {
    if (options.native === false) this.native = null
  }

  /** Makes the file if it is missing. Null when somebody has it locked. Throws the system's errors. */
  tryLock(path: string): FileLock | null {
    // Looked up before anything is opened: closing it again would drop a lock that we hold.
    const before = identityOf(path)
    if (before !== undefined && this.held.has(before)) return null
    if (this.native === undefined) this.native = loadNative()
    return this.native === null ? this.lockByOwnerFile(path) : this.lockNatively(path, this.native)
  }

  /** Whether somebody holds the lock, found out without changing anything. False when there is no such file. */
  isHeld(path: string): boolean {
    const identity = identityOf(path)
    if (identity === undefined) return false
    if (this.held.has(identity)) return true
    if (this.native === undefined) this.native = loadNative()
    if (this.native === null) {
      const [pid = '', startTime = ''] = (readOwner(`${path}.owner`) ?? '').split(' ')
      return isAlive(Number(pid), startTime)
    }
    const fd = fs.openSync(path, fs.constants.O_RDONLY)
    try {
      return this.native.call(fd, F_TEST, 0) !== 0
    } finally {
      fs.closeSync(fd)
    }
  }

  private lockNatively(path: string, native: Native): FileLock | null {
    const fd = openLockFile(path)
    let isLocked = false
    try {
      isLocked = native.call(fd, F_TLOCK, 0) === 0
      if (!isLocked) {
        const errno = native.errno()
        if (errno !== os.constants.errno.EAGAIN && errno !== os.constants.errno.EACCES) {
          throw systemCallError(errno, `cannot lock '${path}'`)
        }
      }
    } finally {
      if (!isLocked) fs.closeSync(fd)
    }
    return isLocked ? this.hold(path, () => fs.closeSync(fd)) : null
  }

  private lockByOwnerFile(path: string): FileLock | null {
    fs.closeSync(openLockFile(path))
    const ownerPath = `${path}.owner`
    const own = `${process.pid} ${startTimeOf(process.pid)} ${randomBytes(6).toString('hex')}\n`
    // Linked into place, so that the name never stands for a file that is not written yet.
    const temporary = `${ownerPath}.${randomBytes(6).toString('hex')}`
    fs.writeFileSync(temporary, own, { flag: 'wx' })
    try {
      if (!linkOwner(temporary, ownerPath)) {
        if (!removeIfStale(ownerPath) || !linkOwner(temporary, ownerPath)) return null
      }
    } finally {
      fs.rmSync(temporary, { force: true })
    }
    return this.hold(path, () => {
      if (readOwner(ownerPath) === own) fs.rmSync(ownerPath, { force: true })
    })
  }

  private hold(path: string, release: () => void): FileLock {
    const identity = identityOf(path) ?? path
    this.held.add(identity)
    return {
      release: () => {
        if (this.held.delete(identity)) release()
      },
    }
  }
}

function openLockFile(path: string): number {
  return fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o644)
}

/** The same for all names of one file. */
function identityOf(path: string): string | undefined {
  const stat = fs.statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat && `${stat.dev}:${stat.ino}`
}

function loadNative(): Native | null {
  if (process.platform === 'win32') return null
  return nativeFunction<LockFunction>('int lockf(int, int, long)') ?? null
}

/** False when the name is taken. */
function linkOwner(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to)
    return true
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false
    throw error
  }
}

function readOwner(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw new Error(`cannot read '${path}': ${messageOf(error)}`, { cause: error })
  }
}

/** True when there is no owner file, or its process is gone and it was removed. */
function removeIfStale(ownerPath: string): boolean {
  const found = readOwner(ownerPath)
  if (found === undefined) return true
  const [pid = '', startTime = ''] = found.split(' ')
  if (isAlive(Number(pid), startTime)) return false
  // Another one may have done the same since, and be the owner by now: what was moved away tells.
  const aside = `${ownerPath}.${randomBytes(6).toString('hex')}`
  try {
    fs.renameSync(ownerPath, aside)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return true
    throw error
  }
  const isStale = readOwner(aside) === found
  if (!isStale) linkOwner(aside, ownerPath)
  fs.rmSync(aside, { force: true })
  return isStale
}

function isAlive(pid: number, startTime: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false
  }
  const now = startTimeOf(pid)
  return now === '-' || startTime === '-' || now === startTime
}

/** Field 22 of /proc/PID/stat, ticks since the machine started; `-` where that cannot be known. */
function startTimeOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in parentheses, may have anything in it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '-'
  } catch {
    return '-'
  }
}
