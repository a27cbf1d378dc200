import { expect, test } from 'vitest'
import { OPEN_ACL_UNSAFE, SUPER_IDENTITY } from '../../src/zookeeper/acl.ts'
import { DataTree } from '../../src/zookeeper/data-tree.ts'
import { isZooKeeperError, type Op, type ZooKeeperClient } from '../../src/zookeeper/index.ts'
import {
  type Prepared,
  Preparer,
  type SimpleRequest,
  type WriteRequest,
} from '../../src/zookeeper/prepare.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { testRandom } from '../support/seed.ts'
import { dumpTree, openClient } from './support.ts'

interface ModelNode {
  data: string
  version: number
  ephemeral: boolean
}

/** The rules of the tree, said once more, as simply as possible. */
class Model {
  nodes = new Map<string, ModelNode>([['/', { data: '', version: 0, ephemeral: false }]])

  do(op: Op): string {
    const parent = op.path.slice(0, op.path.lastIndexOf('/')) || '/'
    const node = this.nodes.get(op.path)
    if (op.type === 'create') {
      if (!this.nodes.has(parent)) return 'NONODE'
      if (node !== undefined) return 'NODEEXISTS'
      if (this.nodes.get(parent)?.ephemeral) return 'NOCHILDRENFOREPHEMERALS'
      this.nodes.set(op.path, { data: String(op.data), version: 0, ephemeral: op.mode === 'ephemeral' })
      return 'OK'
    }
    if (node === undefined) return 'NONODE'
    if (op.version !== undefined && op.version !== -1 && op.version !== node.version) return 'BADVERSION'
    if (op.type === 'delete') {
      if ([...this.nodes.keys()].some((each) => each.startsWith(`${op.path}/`))) return 'NOTEMPTY'
      this.nodes.delete(op.path)
    }
    if (op.type === 'setData')
      this.nodes.set(op.path, { ...node, data: String(op.data), version: node.version + 1 })
    return 'OK'
  }

  multi(ops: readonly Op[]): string {
    const before = new Map(this.nodes)
    for (const op of ops) {
      const result = this.do(op)
      if (result === 'OK') continue
      this.nodes = before
      return result
    }
    return 'OK'
  }
}

function randomOp(int: (bound: number) => number): Op {
  let path = ''
  for (let depth = int(3); depth >= 0; depth--) path += `/${'abc'[int(3)]}`
  const version = int(3) === 0 ? int(3) : -1
  switch (int(5)) {
    case 0:
      return { type: 'delete', path, version }
    case 1:
      return { type: 'setData', path, data: Buffer.from(`s${int(100)}`), version }
    case 2:
      return { type: 'check', path, version }
    default:
      return {
        type: 'create',
        path,
        data: Buffer.from(`c${int(100)}`),
        mode: int(5) === 0 ? 'ephemeral' : 'persistent',
      }
  }
}

function send(client: ZooKeeperClient, op: Op): Promise<unknown> {
  switch (op.type) {
    case 'create':
      return client.create(op.path, op.data, op)
    case 'delete':
      return client.delete(op.path, op.version)
    case 'setData':
      return client.setData(op.path, op.data, op.version)
    case 'check':
      return client.multi([op])
  }
}

test('random requests, many at once, do what the rules say, and a restart changes nothing', async () => {
  const { seed, random } = testRandom()
  const int = (bound: number) => random.int(bound)
  const fs = new MemoryFileSystem()
  const { server, client } = await openClient(fs, { snapshotEveryTxns: 300 })
  const model = new Model()
  for (let round = 0; round < 150; round++) {
    const expected: string[] = []
    const sent: Promise<unknown>[] = []
    for (let i = int(12); i >= 0; i--) {
      const ops = Array.from({ length: int(4) === 0 ? 1 + int(4) : 1 }, () => randomOp(int))
      expected.push(model.multi(ops))
      sent.push(ops.length === 1 ? send(client, ops[0] as Op) : client.multi(ops))
    }
    const results = await Promise.allSettled(sent)
    const found = results.map((result) => {
      if (result.status === 'fulfilled') return 'OK'
      return isZooKeeperError(result.reason) ? result.reason.zkCode : String(result.reason)
    })
    expect(found, `seed ${seed} round ${round}`).toEqual(expected)
    if (round % 10 === 0) await new Promise(setImmediate)
  }
  const nodes = (await dumpTree(client)).filter(({ path }) => !path.startsWith('/zookeeper'))
  const summary = nodes.map(({ path, data, version, ephemeralOwner }) => [
    path,
    { data: Buffer.from(data ?? '', 'base64').toString(), version, ephemeral: ephemeralOwner !== '0' },
  ])
  expect(new Map(summary as [string, ModelNode][]), `seed ${seed}`).toEqual(model.nodes)
  const killed = fs.restarted()
  await server.close()
  for (const files of [fs, killed]) {
    const again = await openClient(files.restarted())
    const after = (await dumpTree(again.client)).filter(({ path }) => !path.startsWith('/zookeeper'))
    expect(after, `seed ${seed}`).toEqual(nodes)
  }
})

test('the digest that is worked out beforehand is that of the tree afterwards, with changes outstanding or not', () => {
  const { seed, random } = testRandom()
  const tree = DataTree.initial()
  const preparer = new Preparer(tree, {
    clock: new ManualClock(),
    isSessionOpen: () => true,
    hasTtlNodes: false,
    enforcesQuotas: false,
  })
  const waiting: Prepared[] = []
  const applyNext = () => {
    const prepared = waiting.shift()
    if (prepared === undefined) return
    tree.apply(prepared.entry.header, prepared.entry.txn, [])
    preparer.release(prepared)
    const { digest } = prepared.entry
    if (digest !== null) expect(BigInt(tree.digest), `seed ${seed}`).toBe(digest.treeDigest)
  }
  const requestOf = (op: Op): SimpleRequest => {
    if (op.type !== 'create') return { ...op, kind: op.type, version: op.version ?? -1 } as SimpleRequest
    return {
      kind: 'create',
      path: op.path,
      data: op.data,
      acl: OPEN_ACL_UNSAFE,
      mode: op.mode ?? 'persistent',
      ttlMs: 0,
    }
  }
  for (let i = 0; i < 4000; i++) {
    const ops = Array.from({ length: 1 + random.int(3) }, () =>
      requestOf(randomOp((bound) => random.int(bound))),
    )
    const choices: WriteRequest[] = [
      ops[0] as SimpleRequest,
      { kind: 'multi', ops },
      { kind: 'closeSession' },
    ]
    const request = choices[random.int(20) === 0 ? 2 : random.int(2)] as WriteRequest
    const sessionId = BigInt(1 + random.int(3))
    waiting.push(preparer.prepare({ sessionId, cxid: i, identity: SUPER_IDENTITY }, request))
    while (waiting.length > random.int(8)) applyNext()
  }
  while (waiting.length > 0) applyNext()
  expect(preparer.treeDigest, `seed ${seed}`).toBe(tree.digest)
})
