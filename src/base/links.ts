import fs from 'node:fs'
import path from 'node:path'
import { systemErrorCode } from './errors.ts'
import { makeDirectory } from './make-directory.ts'

/** Makes `link` point to `target`. False when something else has the name and `force` is not given. */
export function makeLink(target: string, link: string, force: boolean): boolean {
  makeDirectory(path.dirname(link))
  for (;;) {
    try {
      fs.symlinkSync(target, link)
      return true
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error
      if (pointsTo(link) === target) return true
      if (!force) return false
      fs.rmSync(link)
    }
  }
}

function pointsTo(link: string): string | undefined {
  return fs.lstatSync(link).isSymbolicLink() ? fs.readlinkSync(link) : undefined
}
