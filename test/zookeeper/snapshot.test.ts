import { expect, test } from 'vitest'
import { seededRandom } from '../../src/base/random.ts'
import { OPEN_ACL_UNSAFE, READ_ACL_UNSAFE } from '../../src/zookeeper/acl.ts'
import { DataTree } from '../../src/zookeeper/data-tree.ts'
import { JuteError } from '../../src/zookeeper/jute.ts'
import type { Txn } from '../../src/zookeeper/records.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/zookeeper/snapshot.ts'

const SESSIONS = new Map([
  [1n, 4000],
  [-1n, 40_000],
])

function apply(tree: DataTree, zxid: number, txn: Txn): void {
  tree.apply({ clientId: 1n, cxid: 0, zxid, time: 1000 + zxid }, txn, [])
}

function create(path: string, data: Buffer | null, acl = OPEN_ACL_UNSAFE): Txn {
  return { kind: 'create', path, data, acl, owner: 'nobody', ttlMs: 0, parentCversion: -1 }
}

function someTree(nodes: number): DataTree {
  const tree = DataTree.initial()
  apply(tree, 1, create('/a', null, READ_ACL_UNSAFE))
  for (let i = 2; i < nodes; i++) apply(tree, i, create(`/a/${i}`, Buffer.from(`data ${i}`)))
  return tree
}

function nodesOf(tree: DataTree, path = '/'): unknown[] {
  const node = tree.get(path)
  if (node === undefined) return []
  const children = [...(node.children ?? [])].sort()
  const { data, stat } = node
  const below = children.flatMap((name) => nodesOf(tree, path === '/' ? `/${name}` : `${path}/${name}`))
  return [{ path, data: data?.toString(), stat, acl: tree.aclOf(node) }, ...below]
}

test('a tree comes back as it was, in many chunks', () => {
  const tree = someTree(5000)
  const chunks = [...encodeSnapshot(tree, SESSIONS)]
  expect(chunks.length).toBeGreaterThan(4)
  const found = decodeSnapshot(Buffer.concat(chunks))
  expect(nodesOf(found.tree)).toEqual(nodesOf(tree))
  expect(found.tree.digest).toBe(tree.digest)
  expect(found.sessions).toEqual(SESSIONS)
  expect(found.digest).toEqual({ zxid: 4999, version: 2, digest: BigInt(tree.digest) })
})

test('a snapshot that is cut or has a changed bit is refused', () => {
  const bytes = Buffer.concat([...encodeSnapshot(someTree(6), SESSIONS)])
  expect(nodesOf(decodeSnapshot(bytes).tree)).toHaveLength(9)
  const sealedWithoutDigest = bytes.length - 20 - 13
  for (let length = 0; length < bytes.length; length++) {
    if (length === sealedWithoutDigest) continue
    expect(() => decodeSnapshot(bytes.subarray(0, length)), `cut at ${length}`).toThrow(JuteError)
  }
  // So did ZooKeeper 3.5 write it.
  expect(decodeSnapshot(bytes.subarray(0, sealedWithoutDigest)).digest).toBeNull()
  for (let bit = 32 * 3; bit < bytes.length * 8; bit++) {
    const damaged = Buffer.from(bytes)
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(() => decodeSnapshot(damaged), `bit ${bit}`).toThrow(JuteError)
  }
})

test('random changes never do more than a JuteError', () => {
  const bytes = Buffer.concat([...encodeSnapshot(someTree(20), SESSIONS)])
  const random = seededRandom(9)
  for (let round = 0; round < 2000; round++) {
    const damaged = Buffer.from(bytes)
    for (let i = 0; i < 4; i++) damaged[12 + random.int(damaged.length - 12)] = random.int(256)
    expect(() => decodeSnapshot(damaged)).toThrow(JuteError)
  }
})

test('a snapshot taken while the tree changes, and the log since, give the tree', () => {
  const random = seededRandom(21)
  for (let round = 0; round < 4; round++) {
    const tree = someTree(4000)
    const startZxid = tree.lastZxid
    const log: [number, Txn][] = []
    const change = () => {
      const zxid = tree.lastZxid + 1
      const at = 2 + random.int(4100)
      const path = `/a/${at}`
      const acl =
        random.int(3) === 0
          ? [{ perms: random.int(31) + 1, id: { scheme: 'ip', id: String(zxid) } }]
          : OPEN_ACL_UNSAFE
      const kinds: Txn[] = tree.get(path)
        ? [
            { kind: 'delete', path },
            {
              kind: 'setData',
              path,
              data: Buffer.from(`new ${zxid}`),
              version: (tree.get(path)?.stat.version ?? 0) + 1,
            },
            { kind: 'setAcl', path, acl, version: (tree.get(path)?.stat.aversion ?? 0) + 1 },
          ]
        : [create(path, Buffer.from(`made ${zxid}`), acl)]
      const txn = kinds[random.int(kinds.length)] as Txn
      const withCversion: Txn =
        txn.kind === 'create' ? { ...txn, parentCversion: (tree.get('/a')?.stat.cversion ?? 0) + 1 } : txn
      log.push([zxid, withCversion])
      apply(tree, zxid, withCversion)
    }
    const chunks: Buffer[] = []
    for (const chunk of encodeSnapshot(tree, SESSIONS)) {
      chunks.push(chunk)
      for (let i = 0; i < 200; i++) change()
    }
    const found = decodeSnapshot(Buffer.concat(chunks)).tree
    found.lastZxid = startZxid
    for (const [zxid, txn] of log) apply(found, zxid, txn)
    expect(nodesOf(found)).toEqual(nodesOf(tree))
    expect(found.digest).toBe(tree.digest)
  }
})
