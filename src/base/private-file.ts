import fs from 'node:fs'
import path from 'node:path'
import { makeDirectory } from './make-directory.ts'

const MODE = { mode: 0o600 } as const

/** Adds to a file that only its owner may read. The folder is made when it is missing. */
export function appendPrivateFile(file: string, text: string): void {
  makeDirectory(path.dirname(file))
  fs.appendFileSync(file, text, MODE)
}

/**
 * Writes such a file anew, with `sync` so that after a power failure the old or the new one is there. What a link points to is replaced, not the link.
 * The folder is made when it is missing, for its owner alone.
 */
export function writePrivateFile(
  file: string,
  text: string,
  options: { readonly sync?: boolean } = {},
): void {
  makeDirectory(path.dirname(file), 0o700)
  const real = fs.existsSync(file) ? fs.realpathSync(file) : file
  const temporary = `${real}.${process.pid}`
  try {
    fs.writeFileSync(temporary, text, { ...MODE, flush: options.sync === true })
    fs.renameSync(temporary, real)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
}
