import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import type { JavaDriver } from './driver.ts'

/** Partition directories of a log directory. */
export function partitionDirs(logDir: string): string[] {
  return readdirSync(logDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /-\d+$/.test(entry.name))
    .map((entry) => entry.name)
    .sort()
}

/** The digest of every file below a directory, by its path from there. Sockets are no files. */
export function digests(dir: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    found.set(path.relative(dir, file), createHash('sha256').update(readFileSync(file)).digest('hex'))
  }
  return found
}

/** Paths that came, went or changed between two looks. */
export function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const all = new Set([...before.keys(), ...after.keys()])
  return [...all].filter((file) => before.get(file) !== after.get(file)).sort()
}

/** What the real tool says when something is wrong. */
const COMPLAINTS =
  /Mismatches|Non-consecutive|invalid|isvalid: false|Ignoring|Could not|Found timestamp mismatch|out of order|Index timestamp|Exception/

/** kafka-dump-log finds nothing wrong in any file of a log directory. */
export async function expectSound(java: JavaDriver, logDir: string): Promise<void> {
  const files: string[] = []
  for (const partition of partitionDirs(logDir)) {
    for (const name of readdirSync(path.join(logDir, partition))) {
      if (/\.(log|index|timeindex|txnindex|snapshot)$/.test(name))
        files.push(path.join(logDir, partition, name))
    }
  }
  expect(files.length).toBeGreaterThan(0)
  for (const [suffix, ...args] of [
    [/\.(log|txnindex|snapshot)$/, '--deep-iteration'],
    [/\.(index|timeindex)$/, '--verify-index-only'],
  ] as const) {
    const chosen = files.filter((file) => suffix.test(file))
    const { stdout, stderr, code } = await java.runTool('kafka-dump-log', [
      ...['--files', chosen.join(','), ...args],
    ])
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    expect(stdout.split('\n').filter((line) => COMPLAINTS.test(line))).toEqual([])
  }
}
