/** The storage engine beside what the machine can do: `dd`, and CRC-32C with the engine's own implementation. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { number, table } from './measure.mjs'
import { appendRows, codecRows, stallRows } from './storage-append.mjs'
import { compactionRows } from './storage-compaction.mjs'
import { growthRows } from './storage-growth.mjs'
import { readRows } from './storage-read.mjs'
import { openRows, recoveryRows } from './storage-recovery.mjs'
import { bundleEngine, loadEngine } from './storage-support.mjs'

const PARTS = [appendRows, codecRows, stallRows, readRows, growthRows, openRows, recoveryRows, compactionRows]

export async function storage({ support, rounds = 10, kcliWanted }) {
  if (!kcliWanted) return
  // Where the files are is what is measured: TMPDIR chooses another disk.
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-bench-storage-'))
  const bundle = await bundleEngine(support.repositoryDir)
  try {
    const engine = await loadEngine(bundle.file)
    const start = Date.now()
    for (const part of PARTS) {
      table(await part(engine, dir, rounds, bundle.file))
      console.log()
    }
    console.log(`${number((Date.now() - start) / 1000)} seconds`)
  } finally {
    bundle.remove()
    rmSync(dir, { recursive: true, force: true })
  }
}
