import fs from 'node:fs'
import path from 'node:path'

const MODE = { mode: 0o600 } as const

/** Adds to a file that only its owner may read. The folder is made when it is missing. */
export function appendPrivateFile(file: string, text: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.appendFileSync(file, text, MODE)
}

/** Writes such a file anew. */
export function writePrivateFile(file: string, text: string): void {
  const temporary = `${file}.${process.pid}`
  fs.writeFileSync(temporary, text, MODE)
  fs.renameSync(temporary, file)
}
