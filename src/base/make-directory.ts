import fs from 'node:fs'
import path from 'node:path'
import { systemErrorCode } from './errors.ts'

/**
 * Makes a folder and those above it, where they are missing; `mode` is for those that are made. Node's own `recursive` never
 * ends where nothing can be made though the parent is there, as in `/proc`.
 */
export function makeDirectory(directory: string, mode?: number): void {
  try {
    fs.mkdirSync(directory, { mode })
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'EEXIST' && fs.statSync(directory).isDirectory()) return
    const parent = path.dirname(directory)
    if (code !== 'ENOENT' || parent === directory || fs.existsSync(parent)) throw error
    makeDirectory(parent, mode)
    makeDirectory(directory, mode)
  }
}
