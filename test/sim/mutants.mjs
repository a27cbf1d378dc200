#!/usr/bin/env node
/**
 * Does the simulation see mistakes? Each mutant is the product with one line made wrong; some seed must fail with it.
 *
 *     node test/sim/mutants.mjs [--seeds N] [--only WORD]
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadTs } from '../../scripts/load-ts.mjs'

/** [what is wrong, file below src, text, what it is replaced by] */
const MUTANTS = [
  [
    'acks=all is answered before the followers have it',
    'broker/replica/partition.ts',
    "if (log.highWatermark < requiredOffset) return 'waiting'",
    '',
  ],
  [
    'the high watermark does not wait for the followers',
    'broker/replica/partition.ts',
    'candidate = follower.logEndOffset\n',
    'candidate = endOffset\n',
  ],
  [
    'a follower takes its own end for the high watermark',
    'broker/replica/partition.ts',
    'Math.min(leaderHighWatermark, log.logEndOffset)',
    'log.logEndOffset',
  ],
  [
    'fetches in an old leader epoch are served',
    'broker/replica/partition.ts',
    'currentLeaderEpoch >= 0 && currentLeaderEpoch !== this.leaderEpoch',
    'false',
  ],
  [
    'a follower does not truncate what diverges',
    'broker/replica/truncation.ts',
    'await partition.write(log.truncateTo(offset))',
    '',
  ],
  [
    'a follower truncates one record too few',
    'broker/replica/truncation.ts',
    'log.truncateTo(offset)',
    'log.truncateTo(offset + 1)',
  ],
  [
    'who was not in sync is elected',
    'broker/controller/election.ts',
    'allowUnclean ? liveReplicas[0] : undefined',
    'liveReplicas[0]',
  ],
  [
    'a leader from an unclean election never recovers',
    'broker/replica/partition.ts',
    'committedIsr(state.isr, RECOVERED)',
    'committedIsr(state.isr, state.leaderRecoveryState)',
  ],
  [
    'roles from a controller of old are taken',
    'broker/replica/replica-manager.ts',
    'if (request.controllerEpoch < this.controllerEpoch) {\n      this.options.logger.warn(\n        `ignored the roles',
    'if (false) {\n      this.options.logger.warn(\n        `ignored the roles',
  ],
  [
    'repeated batches of a producer are stored again',
    'storage/producer-state.ts',
    'if (duplicate) return',
    'if (false) return',
  ],
  [
    'a recovery leaves the batches that were cut short',
    'storage/log-loader.ts',
    'const cutBytes = await this.recoverSegment(segment)',
    'const cutBytes = 0',
  ],
  ['a flush does not sync the segments', 'storage/open-log.ts', 'await segment.flush()', ''],
  [
    'a partition is made anew while a directory is offline',
    'storage/log-manager.ts',
    'if (offline.length === 0) return',
    'if (offline.length >= 0) return',
  ],
  [
    'a follower refuses to begin within a batch',
    'storage/append-sent.ts',
    'if (!(error instanceof UnexpectedAppendOffsetError)) throw error',
    'throw error',
  ],
  [
    'compaction goes beyond what is committed',
    'storage/cleaner/log-to-clean.ts',
    'Math.min(log.lastStableOffset, segments.active.baseOffset, lagging)',
    'Math.min(segments.active.baseOffset, lagging)',
  ],
  [
    'compaction drops the newest of each key',
    'storage/cleaner/batch-filter.ts',
    'if (offset < map.get(section, raw.keyAt, raw.keyLength)) continue',
    'if (offset <= map.get(section, raw.keyAt, raw.keyLength)) continue',
  ],
  [
    'a commit of offsets is answered before the followers have it',
    'broker/group/group-store.ts',
    'const { error, baseOffset } = await this.append(group, records, this.commitAcks, OF_OFFSETS)',
    'const { error, baseOffset } = await this.append(group, records, 1, OF_OFFSETS)',
  ],
  [
    'the last batch of committed offsets is not loaded',
    'broker/group/group-loader.ts',
    'if (next <= from) continue',
    'if (next <= from || next === bytes.length + from) continue\n      if (at + 200 > bytes.length) continue',
  ],
  [
    'a group leaves out the first partition of each topic',
    'client/consumer/assignors/range.ts',
    'cluster.get(topic) ?? []',
    '(cluster.get(topic) ?? []).slice(1)',
  ],
  ['ZooKeeper answers before its log is synced', 'zookeeper/txn-log.ts', 'await file.sync()', ''],
]

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '200' }, only: { type: 'string', default: '' } },
})
const folder = path.dirname(fileURLToPath(import.meta.url))
const src = path.join(folder, '../../src')
Error.stackTraceLimit = 3

for (const [what, file, from, to] of MUTANTS) {
  if (!what.includes(values.only)) continue
  const { simulate } = await loadTs(path.join(folder, 'simulation.ts'), [mutation(file, from, to)])
  console.log(`${what}: ${await firstFailure(simulate, Number(values.seeds))}`)
}

function mutation(file, from, to) {
  const name = path.join(src, file)
  const source = readFileSync(name, 'utf8')
  if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one: ${from}`)
  const contents = source.replace(from, () => to)
  return {
    name: 'mutation',
    setup: (build) =>
      build.onLoad({ filter: /\.ts$/ }, (args) =>
        args.path === name ? { contents, loader: 'ts' } : undefined,
      ),
  }
}

async function firstFailure(simulate, seeds) {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations } = await simulate(seed)
    if (violations.length > 0) return `seed ${seed}: ${violations[0].split('\n', 1)[0].slice(0, 150)}`
  }
  process.exitCode = 1
  return `NOT SEEN in ${seeds} seeds`
}
