import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { batchOf, LEADER, newLog, readAll, TestDir, values } from './support.ts'

/** Further apart than the 32 bits of an index entry reach. */
const OFFSETS = [0, 7, 3_000_000_000, 3_000_000_001, 6_000_000_000]

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
  mkdirSync(join(dir.path, 't-0'))
  writeFileSync(join(dir.path, 't-0', `${'0'.repeat(20)}.log`), Buffer.concat(OFFSETS.map(batchAt)))
})
afterEach(() => dir.remove())

function batchAt(offset: number): Buffer {
  const bytes = batchOf([`v${offset}`])
  bytes.writeBigInt64BE(BigInt(offset), 0)
  return bytes
}

const names = (suffix: string) =>
  readdirSync(join(dir.path, 't-0'))
    .filter((name) => name.endsWith(suffix))
    .map((name) => Number(name.slice(0, 20)))
    .sort((a, b) => a - b)

const offsetsIn = async (log: Parameters<typeof readAll>[0]) =>
  (await readAll(log)).map(({ offset }) => offset)

describe('a segment that reaches further than its indexes can', () => {
  it('is split by a recovery, and loses nothing', async () => {
    const { manager, log } = await newLog(dir)
    expect(await offsetsIn(log)).toEqual(OFFSETS)
    expect(names('.log')).toEqual([0, 3_000_000_000, 6_000_000_000])
    expect(names('.cleaned')).toEqual([])
    expect(await log.appendAsLeader(batchOf(['next']), LEADER)).toMatchObject({ firstOffset: 6_000_000_001 })
    await manager.shutdown()
    const again = await newLog(dir)
    expect(await offsetsIn(again.log)).toEqual([...OFFSETS, 6_000_000_001])
    expect(await values(again.log, 3_000_000_001)).toEqual(['v3000000001', 'v6000000000', 'next'])
  })

  it('can be read as it is after a clean end, and rolls with the next append', async () => {
    writeFileSync(join(dir.path, '.kafka_cleanshutdown'), '')
    writeFileSync(join(dir.path, 'recovery-point-offset-checkpoint'), '0\n1\nt 0 6000000001\n')
    const { log } = await newLog(dir, { config: { indexIntervalBytes: 0 } })
    expect(await offsetsIn(log)).toEqual(OFFSETS)
    await log.appendAsLeader(batchOf(['next']), LEADER)
    expect(names('.log')).toEqual([0, 6_000_000_001])
    expect(await values(log, 6_000_000_000)).toEqual(['v6000000000', 'next'])
  })

  it('is whole after a crash anywhere in the split', async () => {
    for (let changes = 0; ; changes++) {
      const fs = new MemoryFileSystem()
      fs.put(join(dir.path, 't-0', `${'0'.repeat(20)}.log`), Buffer.concat(OFFSETS.map(batchAt)))
      fs.stopAt(changes, 'half')
      await dir.open({ fs }).catch(() => undefined)
      const { log } = await newLog(dir, { fs: fs.restarted() })
      expect(await offsetsIn(log), `after ${changes} changes`).toEqual(OFFSETS)
      if (!fs.hasStopped) break
      expect(changes).toBeLessThan(200)
    }
  })
})
