import fs from 'node:fs'
import { makeDirectory } from './make-directory.ts'

/** A socket that only this user may connect to, whatever the umask was when it was made. */
export function makePrivateSocketSync(path: string): void {
  fs.chmodSync(path, 0o600)
}

/**
 * A directory that only this user may enter, for sockets that stand outside the user's own folders. Throws `EACCES` when
 * it is there and is a link, is somebody else's, or is open to others.
 */
export function makePrivateDirectorySync(path: string): void {
  makeDirectory(path, 0o700)
  const stat = fs.lstatSync(path)
  const isOurs = process.getuid === undefined || stat.uid === process.getuid()
  if (!stat.isDirectory() || !isOurs || (stat.mode & 0o077) !== 0) {
    throw Object.assign(new Error(`EACCES: ${path} is not a private directory of this user`), {
      code: 'EACCES',
    })
  }
}
