/** Sequential reads through the log layer into one buffer, beside `dd` on the same file; and the cost of one read. */
import path from 'node:path'
import { median, number } from './measure.mjs'
import {
  appendAll,
  dd,
  GB,
  MB,
  makeBatch,
  openManager,
  requireSpace,
  ringOf,
  timed,
} from './storage-support.mjs'

const FILE_BYTES = 512 * MB

export async function readRows(engine, dir, rounds) {
  requireSpace(dir, 2 * GB)
  const manager = await openManager(engine, path.join(dir, 'read'))
  const log = manager.getOrCreateLog('read', 0, { topicId: null })
  const batch = makeBatch(engine, 64 * 1024)
  await appendAll([log], Math.floor(FILE_BYTES / batch.length), 32, ringOf(engine, batch, 128))
  const file = path.join(dir, 'read', 'read-0', '00000000000000000000.log')
  const rows = [['sequential read into one buffer', 'dd MB/s', 'kcli MB/s', '% of dd', 'at least']]
  for (const [sizeBytes, limit] of [
    [MB, ''],
    [8 * MB, 70],
  ]) {
    const buffer = Buffer.alloc(sizeBytes)
    const [dds, ours] = [[], []]
    const bytes = log.sizeBytes()
    for (let round = 0; round <= rounds; round++) {
      const ddMs = dd(file, '/dev/null', sizeBytes, Math.ceil(bytes / sizeBytes))
      const ms = await timed(() => readThrough(engine, log, buffer))
      if (round === 0) continue
      dds.push(ddMs)
      ours.push(ms)
    }
    const rate = (ms) => bytes / 1e6 / (ms / 1000)
    rows.push([
      `${sizeBytes / MB} MB at a time`,
      number(rate(median(dds))),
      number(rate(median(ours))),
      number((100 * median(dds)) / median(ours)),
      limit,
    ])
  }
  manager.deleteLog('read', 0)
  await manager.shutdown()
  return rows
}

/** As a consumer reads: the next read begins where the whole batches of this one end. */
async function readThrough(engine, log, buffer) {
  const { records } = engine
  const end = log.logEndOffset
  for (let offset = 0; offset < end; ) {
    const read = await log.read(offset, {
      maxBytes: buffer.length,
      upperBoundOffset: end,
      minOneMessage: true,
    })
    let filled = 0
    for (const part of read.parts) {
      if (part instanceof Uint8Array) buffer.set(part, filled)
      else {
        const got = await part.file.read(buffer, filled, part.length, part.position)
        part.release()
        if (got !== part.length) throw new Error(`${got} of ${part.length} bytes at offset ${offset}`)
      }
      filled += part.length
    }
    const before = offset
    for (let at = 0, size = 0; ; at += size) {
      size = records.nextBatch(buffer, at, filled)
      if (size <= 0) break
      offset = records.lastOffset(buffer, at) + 1
    }
    if (offset === before) throw new Error(`nothing at offset ${offset} of ${end}`)
  }
}
