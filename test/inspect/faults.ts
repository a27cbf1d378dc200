import fs from 'node:fs'
import path from 'node:path'
import { flipBit } from './support.ts'

export interface Fault {
  readonly name: string
  readonly golden: string
  /** Gets the partition's directory; its log directory is the one around it. */
  readonly make: (dir: string) => void
  /** What verify says, notes left out. */
  readonly found: readonly string[]
}

const file = (offset: number, suffix: string) => `${String(offset).padStart(20, '0')}.${suffix}`
const at = (dir: string, offset: number, suffix: string) => path.join(dir, file(offset, suffix))

function edit(target: string, change: (bytes: Buffer) => Buffer | undefined): void {
  const bytes = fs.readFileSync(target)
  fs.writeFileSync(target, change(bytes) ?? bytes)
}

function checkpoint(dir: string, name: string, ...lines: string[]): void {
  fs.writeFileSync(
    path.join(dir, '..', name),
    `0\n${lines.length}\n${lines.map((line) => `${line}\n`).join('')}`,
  )
}

/** One thing wrong each, in files that Kafka wrote. `segments` has 4 segments: 0, 16, 36, 56, and ends at 73. */
export const FAULTS: readonly Fault[] = [
  {
    name: 'a flipped bit in a record, in the middle of the log',
    golden: 'segments',
    make: (dir) => flipBit(at(dir, 16, 'log'), 500),
    found: [`error batch-crc ${file(16, 'log')}`],
  },
  {
    name: 'a length that no batch has',
    golden: 'segments',
    make: (dir) =>
      edit(at(dir, 36, 'log'), (bytes) => {
        bytes.writeInt32BE(3, 8)
        return bytes
      }),
    found: [`error log-corrupt ${file(36, 'log')}`],
  },
  {
    name: 'a log that ends inside a batch',
    golden: 'segments',
    make: (dir) => fs.truncateSync(at(dir, 56, 'log'), 1700),
    found: [`error log-torn ${file(56, 'log')}`],
  },
  {
    name: 'a log that ends with zeros',
    golden: 'segments',
    make: (dir) => edit(at(dir, 56, 'log'), (bytes) => Buffer.concat([bytes, Buffer.alloc(100_000)])),
    found: [`error log-zeros ${file(56, 'log')}`],
  },
  {
    name: 'offsets that go back',
    golden: 'segments',
    make: (dir) =>
      edit(at(dir, 56, 'log'), (bytes) => {
        const second = bytes.readInt32BE(8) + 12
        bytes.writeBigInt64BE(56n, second)
        return bytes
      }),
    found: [`error batch-order ${file(56, 'log')}`],
  },
  {
    name: 'no offset index',
    golden: 'segments',
    make: (dir) => fs.rmSync(at(dir, 16, 'index')),
    found: [`warning index-missing ${file(16, 'index')}`],
  },
  {
    name: 'no time index',
    golden: 'segments',
    make: (dir) => fs.rmSync(at(dir, 56, 'timeindex')),
    found: [`warning index-missing ${file(56, 'timeindex')}`],
  },
  {
    name: 'an offset index entry that points between batches',
    golden: 'segments',
    make: (dir) => flipBit(at(dir, 36, 'index'), 15, 1),
    found: [`error offset-index ${file(36, 'index')}`],
  },
  {
    name: 'an offset index entry with another offset',
    golden: 'segments',
    make: (dir) => flipBit(at(dir, 36, 'index'), 3, 2),
    found: [`error offset-index ${file(36, 'index')}`],
  },
  {
    name: 'an offset index with half an entry',
    golden: 'segments',
    make: (dir) => edit(at(dir, 0, 'index'), (bytes) => bytes.subarray(0, bytes.length - 3)),
    found: [`error offset-index ${file(0, 'index')}`],
  },
  {
    name: 'an offset index of another segment',
    golden: 'segments',
    make: (dir) =>
      edit(at(dir, 0, 'index'), (bytes) => Buffer.concat([bytes, Buffer.from('0000000f00010000', 'hex')])),
    found: [`error offset-index ${file(0, 'index')}`],
  },
  {
    name: 'a time index entry with a time that is too early',
    golden: 'segments',
    make: (dir) => flipBit(at(dir, 16, 'timeindex'), 5 + 12, 0),
    found: [`error time-index ${file(16, 'timeindex')}`],
  },
  {
    name: 'a time index without its last entry',
    golden: 'segments',
    make: (dir) => edit(at(dir, 16, 'timeindex'), (bytes) => bytes.subarray(0, bytes.length - 12)),
    found: [`warning time-index ${file(16, 'timeindex')}`],
  },
  {
    name: 'a time index that a crash left preallocated, in a segment that is closed',
    golden: 'segments',
    make: (dir) => edit(at(dir, 16, 'timeindex'), (bytes) => Buffer.concat([bytes, Buffer.alloc(1200)])),
    found: [`warning time-index ${file(16, 'timeindex')}`],
  },
  {
    name: 'no transaction index where transactions were aborted',
    golden: 'transactions',
    make: (dir) => fs.rmSync(at(dir, 3, 'txnindex')),
    found: [`error txn-index ${file(3, 'txnindex')}`],
  },
  {
    name: 'a transaction index with another first offset',
    golden: 'transactions',
    make: (dir) => flipBit(at(dir, 3, 'txnindex'), 17),
    found: [`error txn-index ${file(3, 'txnindex')}`],
  },
  {
    name: 'a transaction index with an entry too many',
    golden: 'transactions',
    make: (dir) =>
      edit(at(dir, 3, 'txnindex'), (bytes) => {
        const more = Buffer.from(bytes.subarray(34))
        more.writeBigInt64BE(400n, 18)
        return Buffer.concat([bytes, more])
      }),
    found: [`error txn-index ${file(3, 'txnindex')}`],
  },
  {
    name: 'a producer snapshot with a flipped bit',
    golden: 'idempotent',
    make: (dir) => flipBit(at(dir, 15, 'snapshot'), 20),
    found: [`error snapshot ${file(15, 'snapshot')}`],
  },
  {
    name: 'an empty producer snapshot',
    golden: 'idempotent',
    make: (dir) => fs.truncateSync(at(dir, 24, 'snapshot'), 0),
    found: [`error snapshot ${file(24, 'snapshot')}`],
  },
  {
    name: 'a producer snapshot of another time',
    golden: 'idempotent',
    make: (dir) => fs.copyFileSync(at(dir, 24, 'snapshot'), at(dir, 15, 'snapshot')),
    found: [`error snapshot ${file(15, 'snapshot')}`],
  },
  {
    name: 'a producer snapshot behind the end of the log',
    golden: 'idempotent',
    make: (dir) => fs.renameSync(at(dir, 24, 'snapshot'), at(dir, 99, 'snapshot')),
    found: [`warning snapshot-ahead ${file(99, 'snapshot')}`],
  },
  {
    name: 'leader epochs that contradict the batches',
    golden: 'segments',
    make: (dir) => fs.writeFileSync(path.join(dir, 'leader-epoch-checkpoint'), '0\n2\n0 0\n4 20\n'),
    found: ['error leader-epochs leader-epoch-checkpoint'],
  },
  {
    name: 'leader epochs that are no checkpoint',
    golden: 'segments',
    make: (dir) => fs.writeFileSync(path.join(dir, 'leader-epoch-checkpoint'), '0\n9\n0 0\n'),
    found: ['error leader-epochs leader-epoch-checkpoint'],
  },
  {
    name: 'no leader epochs',
    golden: 'segments',
    make: (dir) => fs.rmSync(path.join(dir, 'leader-epoch-checkpoint')),
    found: ['warning leader-epochs leader-epoch-checkpoint'],
  },
  {
    name: 'checkpoints behind the end of the log',
    golden: 'segments',
    make: (dir) => {
      checkpoint(dir, 'recovery-point-offset-checkpoint', 'other 0 5', 'segments 0 74')
      checkpoint(dir, 'replication-offset-checkpoint', 'segments 0 100')
      checkpoint(dir, 'log-start-offset-checkpoint', 'segments 0 73')
    },
    found: [
      'error checkpoint recovery-point-offset-checkpoint',
      'error checkpoint replication-offset-checkpoint',
    ],
  },
  {
    name: 'a checkpoint that is none',
    golden: 'segments',
    make: (dir) => fs.writeFileSync(path.join(dir, '../recovery-point-offset-checkpoint'), 'what?\n'),
    found: ['error checkpoint recovery-point-offset-checkpoint'],
  },
  {
    name: 'an index without a log',
    golden: 'segments',
    make: (dir) => fs.copyFileSync(at(dir, 0, 'index'), at(dir, 7, 'index')),
    found: [`warning index-orphan ${file(7, 'index')}`],
  },
]
