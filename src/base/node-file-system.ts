import fs from 'node:fs'
import type { File, FileSystem, OpenMode } from './file-system.ts'
import { makeDirectory } from './make-directory.ts'

const FLAGS: Record<OpenMode, number> = {
  r: fs.constants.O_RDONLY,
  'r+': fs.constants.O_RDWR,
  rw: fs.constants.O_RDWR | fs.constants.O_CREAT,
  create: fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_EXCL,
}

/** Linux takes at most 1024 parts in one writev. */
const MAX_WRITEV_PARTS = 1024

class NodeFile implements File {
  readonly path: string
  fd: number

  constructor(path: string, fd: number) {
    this.path = path
    this.fd = fd
  }

  sizeSync(): number {
    return fs.fstatSync(this.fd).size
  }

  read(target: Uint8Array, targetOffset: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.fd, target, targetOffset, length, position, (error, bytesRead) =>
        error ? reject(error) : resolve(bytesRead),
      )
    })
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    return fs.readSync(this.fd, target, targetOffset, length, position)
  }

  async write(parts: readonly Uint8Array[], position: number): Promise<void> {
    let at = position
    for (let i = 0; i < parts.length; i += MAX_WRITEV_PARTS) {
      at += await this.writeGroup(parts.slice(i, i + MAX_WRITEV_PARTS), at)
    }
  }

  /** A short write is rare (a full disk, a signal), so what is left is found again part by part. */
  private async writeGroup(parts: readonly Uint8Array[], position: number): Promise<number> {
    let total = 0
    for (const part of parts) total += part.length
    let written = 0
    let left = parts
    while (written < total) {
      const count = await this.writeOnce(left, position + written)
      written += count
      if (written < total) left = dropBytes(left, count)
    }
    return total
  }

  private writeOnce(parts: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const done = (error: NodeJS.ErrnoException | null, bytesWritten: number) =>
        error ? reject(error) : resolve(bytesWritten)
      const first = parts[0]
      if (parts.length === 1 && first !== undefined) fs.write(this.fd, first, 0, first.length, position, done)
      else fs.writev(this.fd, parts, position, done)
    })
  }

  writeSync(bytes: Uint8Array, position: number): void {
    let written = 0
    while (written < bytes.length) {
      written += fs.writeSync(this.fd, bytes, written, bytes.length - written, position + written)
    }
  }

  truncateSync(sizeBytes: number): void {
    fs.ftruncateSync(this.fd, sizeBytes)
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.fd, (error) => (error ? reject(error) : resolve()))
    })
  }

  syncSync(): void {
    fs.fdatasyncSync(this.fd)
  }

  closeSync(): void {
    if (this.fd === -1) return
    const fd = this.fd
    // A closed number may be given out again at once; nobody may use ours by mistake.
    this.fd = -1
    fs.closeSync(fd)
  }
}

function dropBytes(parts: readonly Uint8Array[], count: number): Uint8Array[] {
  const left: Uint8Array[] = []
  let skip = count
  for (const part of parts) {
    if (skip >= part.length) skip -= part.length
    else {
      left.push(part.subarray(skip))
      skip = 0
    }
  }
  return left
}

export const nodeFileSystem: FileSystem = {
  openSync: (path, mode) => new NodeFile(path, fs.openSync(path, FLAGS[mode], 0o644)),
  existsSync: (path) => fs.existsSync(path),
  statSync(path) {
    const stat = fs.statSync(path, { throwIfNoEntry: false })
    return stat && { sizeBytes: stat.size, modifiedMs: stat.mtimeMs, isDirectory: stat.isDirectory() }
  },
  readFileSync: (path) => fs.readFileSync(path),
  writeFileSync: (path, bytes) => fs.writeFileSync(path, bytes),
  mkdirSync: (path) => makeDirectory(path),
  readdirSync: (path) => fs.readdirSync(path),
  renameSync: (from, to) => fs.renameSync(from, to),
  setModifiedSync: (path, modifiedMs) => fs.utimesSync(path, modifiedMs / 1000, modifiedMs / 1000),
  unlinkSync: (path) => fs.unlinkSync(path),
  removeSync: (path) => fs.rmSync(path, { recursive: true, force: true }),
  spaceSync(path) {
    const { bsize, blocks, bavail } = fs.statfsSync(path)
    return { totalBytes: blocks * bsize, usableBytes: bavail * bsize }
  },
  async syncDirectory(path) {
    const handle = await fs.promises.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}
