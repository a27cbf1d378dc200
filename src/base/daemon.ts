import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectory } from './make-directory.ts'

/**
 * Starts a program that outlives this process: no input, all it says into a file, which is made anew. Resolves with its
 * process id when it runs, rejects when it cannot be started. The folder of the file is made when it is missing.
 */
export function startDaemon(command: string, args: readonly string[], outputFile: string): Promise<number> {
  makeDirectory(dirname(outputFile))
  const output = fs.openSync(outputFile, 'w')
  return new Promise<number>((resolve, reject) => {
    const child = spawn(command, args, {
      detached: true,
      stdio: ['ignore', output, output],
      windowsHide: true,
    })
    child.once('error', reject)
    child.once('spawn', () => resolve(child.pid ?? -1))
    child.unref()
  }).finally(() => fs.closeSync(output))
}
