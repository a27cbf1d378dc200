import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { BatchBuilder, setBaseOffset, setPartitionLeaderEpoch } from '../../src/records/index.ts'
import { testRandom } from '../support/seed.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { FAULTS } from './faults.ts'
import { check, contents, faults, flipBit, GOLDEN, GOLDEN_CASES, goldenCopy } from './support.ts'

function batchAt(offset: number, values: readonly string[], options: { epoch?: number } = {}): Buffer {
  const builder = new BatchBuilder({})
  for (const value of values) builder.append(1_700_000_000_000 + offset, null, Buffer.from(value))
  const bytes = builder.build()
  setBaseOffset(bytes, 0, offset)
  setPartitionLeaderEpoch(bytes, 0, options.epoch ?? 0)
  return bytes
}

/** `DIR/t-0` with these batches in one segment, as a broker that was killed leaves it. */
function killedLog(dir: string, ...batches: readonly Buffer[]): string {
  const partition = path.join(dir, 't-0')
  fs.mkdirSync(partition, { recursive: true })
  const write = (name: string, bytes: string | Buffer) => fs.writeFileSync(path.join(partition, name), bytes)
  write('00000000000000000000.log', Buffer.concat(batches))
  write('00000000000000000000.index', '')
  write('00000000000000000000.timeindex', '')
  write('leader-epoch-checkpoint', '0\n1\n0 0\n')
  return partition
}

describe('verify', () => {
  it.each(GOLDEN_CASES)('finds nothing wrong in what Kafka wrote: %s', async (name) => {
    const { findings, summary } = await check(path.join(GOLDEN, name))
    expect(findings.filter((finding) => finding.severity !== 'note')).toEqual([])
    expect(summary.found).toMatchObject({ error: 0, warning: 0 })
    if (name !== 'log-dir') expect(summary.partitions).toBe(1)
  })

  it.each(FAULTS)('finds $name, and nothing else', async ({ golden, make, found }) => {
    const { logDir, dir } = goldenCopy(golden)
    make(dir)
    const before = contents(logDir)
    const all = await faults(logDir)
    expect([...new Set(all)].filter((fault) => !isConsequence(fault, found))).toEqual(found)
    expect(contents(logDir)).toEqual(before)
  })

  it('sees every flipped bit of a log, and survives it in any file', async () => {
    const { seed, random } = testRandom()
    for (let run = 0; run < 60; run++) {
      const { logDir, dir } = goldenCopy(['segments', 'transactions', 'lz4', 'format-v1-lz4'][run % 4] ?? '')
      const names = fs.readdirSync(dir).filter((name) => fs.statSync(path.join(dir, name)).size > 0)
      const name = names[random.int(names.length)] ?? ''
      const target = path.join(dir, name)
      const position = random.int(fs.statSync(target).size)
      flipBit(target, position, random.int(8))
      const found = await faults(logDir)
      const message = `seed ${seed}, run ${run}: ${name} of ${path.basename(dir)} at ${position}`
      if (name.endsWith('.log')) expect(found.length, message).toBeGreaterThan(0)
    }
  })

  it('says where a fault is and what to do', async () => {
    const { logDir, dir } = goldenCopy('segments')
    flipBit(path.join(dir, '00000000000000000016.log'), 500)
    const { findings } = await check(logDir)
    expect(findings).toEqual([
      expect.objectContaining({
        severity: 'error',
        check: 'batch-crc',
        path: path.join(dir, '00000000000000000016.log'),
        position: expect.any(Number),
        offset: expect.any(Number),
        reason: expect.stringMatching(
          /^the batch has the checksum 0x[0-9a-f]{8}, its bytes give 0x[0-9a-f]{8}$/,
        ),
        advice: expect.stringContaining('kcli segments repair'),
        partition: expect.objectContaining({ topic: 'segments', partition: 0 }),
      }),
    ])
  })

  it('holds nothing against a broker that is writing, nor against one that was killed', async () => {
    const logDir = temporaryDirectory()
    const whole = batchAt(0, ['a', 'b'])
    killedLog(logDir, whole, batchAt(2, ['c']).subarray(0, 40))
    // A folder that nobody says is a broker's must be whole.
    expect(await faults(logDir)).toEqual(['error log-torn 00000000000000000000.log'])
    expect(await faults(logDir, { isLocked: true })).toEqual([])
    fs.writeFileSync(path.join(logDir, 'recovery-point-offset-checkpoint'), '0\n1\nt 0 2\n')
    expect(await faults(logDir)).toEqual(['warning log-torn 00000000000000000000.log'])
    fs.writeFileSync(path.join(logDir, '.kafka_cleanshutdown'), '')
    expect(await faults(logDir)).toEqual(['error log-torn 00000000000000000000.log'])
  })

  it('looks into the batches only when asked, and then at every record', async () => {
    const logDir = temporaryDirectory()
    const builder = new BatchBuilder({ codec: 1 })
    builder.append(1000, null, Buffer.from('x'.repeat(100)))
    const compressed = builder.build()
    setPartitionLeaderEpoch(compressed, 0, 0)
    // The head claims a later time than any record has, under a checksum that is right.
    const { setMaxTimestampAndType } = await import('../../src/records/index.ts')
    setMaxTimestampAndType(compressed, 0, 0, 5000)
    killedLog(logDir, compressed)
    expect(await faults(logDir, { deep: false })).toEqual([])
    expect(await faults(logDir)).toEqual(['error records 00000000000000000000.log'])
  })

  it('tells gaps from compaction', async () => {
    const logDir = temporaryDirectory()
    killedLog(logDir, batchAt(0, ['a']), batchAt(5, ['b']))
    const gaps = async () => {
      const { findings } = await check(logDir)
      return findings.map(({ severity, check, offset }) => `${severity} ${check} ${offset}`)
    }
    expect(await gaps()).toEqual(['warning offset-gap 1'])
    fs.writeFileSync(path.join(logDir, 'cleaner-offset-checkpoint'), '0\n1\nt 0 6\n')
    expect(await gaps()).toEqual(['note offset-gap 1'])
  })

  it('finds segments that overlap', async () => {
    const logDir = temporaryDirectory()
    const partition = killedLog(logDir, batchAt(0, ['a', 'b', 'c']))
    for (const suffix of ['index', 'timeindex'])
      fs.copyFileSync(
        path.join(partition, `00000000000000000000.${suffix}`),
        path.join(partition, `00000000000000000002.${suffix}`),
      )
    fs.writeFileSync(path.join(partition, '00000000000000000002.log'), batchAt(2, ['c']))
    expect(await faults(logDir)).toContain('error segment-overlap 00000000000000000000.log')
  })

  it('compares replicas up to the high watermark that all know', async () => {
    const dir = temporaryDirectory()
    fs.writeFileSync(path.join(dir, 'kcli.json'), '{"version":1,"brokers":3}\n')
    const replica = (id: number, highWatermark: number, ...batches: Buffer[]) => {
      const logDir = path.join(dir, `broker-${id}`)
      killedLog(logDir, ...batches)
      fs.writeFileSync(path.join(logDir, 'replication-offset-checkpoint'), `0\n1\nt 0 ${highWatermark}\n`)
    }
    replica(0, 3, batchAt(0, ['a']), batchAt(1, ['b']), batchAt(2, ['c']))
    replica(1, 3, batchAt(0, ['a']), batchAt(1, ['b']), batchAt(2, ['c']), batchAt(3, ['d']))
    // Not committed yet as far as this one knows: the leader will see to it.
    replica(2, 1, batchAt(0, ['a']), batchAt(1, ['other']))
    expect(await faults(dir)).toEqual([])
    replica(1, 3, batchAt(0, ['a']), batchAt(1, ['x']), batchAt(2, ['c']))
    const { findings } = await check(dir)
    expect(findings).toEqual([
      expect.objectContaining({ severity: 'error', check: 'replicas-differ', offset: 1, position: 69 }),
    ])
  })

  it('checks a single file beside those that belong to it', async () => {
    const { dir } = goldenCopy('segments')
    flipBit(path.join(dir, '00000000000000000036.index'), 3, 2)
    const one = path.join(dir, '00000000000000000036.index')
    expect(await faults(one)).toEqual(['error offset-index 00000000000000000036.index'])
    expect(await faults(path.join(dir, '00000000000000000016.log'))).toEqual([])
  })

  it('stops when it is told to', async () => {
    const { logDir } = goldenCopy('segments')
    const { verify, locate } = await import('../../src/inspect/index.ts')
    const signal = AbortSignal.abort(new Error('enough'))
    const located = locate(nodeFileSystem, { names: [logDir], dataDir: logDir })
    const running = verify(nodeFileSystem, {
      located,
      deep: false,
      isLocked: () => false,
      signal,
      onFinding: () => undefined,
    })
    await expect(running).rejects.toThrow('enough')
  })
})

/** What the damage brings with it: snapshots behind the new end. */
function isConsequence(fault: string, found: readonly string[]): boolean {
  if (found.includes(fault)) return false
  const isDamage = found.some((one) => /batch-|log-(corrupt|torn|zeros)/.test(one))
  return isDamage && /snapshot-ahead/.test(fault)
}
