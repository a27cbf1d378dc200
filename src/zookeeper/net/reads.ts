import { type Acl, type Identity, isAllowed, PERMISSIONS, userOf } from '../acl.ts'
import type { WatcherType } from '../client.ts'
import { clientStat, type DataNode } from '../data-node.ts'
import type { DataTree, TreeEvent } from '../data-tree.ts'
import { ZOOKEEPER_ERROR_CODES, ZooKeeperError } from '../errors.ts'
import { JuteError, type JuteReader, type JuteWriter } from '../jute.ts'
import type { Watches, WatchSink } from '../watches.ts'
import { readSteps } from './requests.ts'
import {
  ADD_WATCH_MODES,
  MULTI_END,
  REQUEST_TYPES,
  readStrings,
  WATCHER_TYPES,
  writeAcls,
  writeMultiHeader,
  writeStat,
  writeStrings,
} from './wire.ts'

/** A request of 1 MB could ask for the largest node 50,000 times. No client takes more than its jute.maxbuffer, 1 MB. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

/** What a request that only reads is answered from. */
export interface ReadView {
  readonly tree: DataTree
  readonly watches: Watches
  readonly sessionId: bigint
  readonly identity: Identity
  readonly sink: WatchSink
}

/** Writes the body of the answer; undefined when there is none. */
export type Body = ((writer: JuteWriter) => void) | undefined

/**
 * Answers a request from the tree as it is (FinalRequestProcessor). Throws a ZooKeeperError, UNIMPLEMENTED for types that
 * are not known, and a JuteError for a body that cannot be read.
 */
export function answerRead(type: number, reader: JuteReader, view: ReadView): Body {
  const answer = READS.get(type)
  if (answer === undefined) throw new ZooKeeperError('UNIMPLEMENTED')
  return answer(reader, view)
}

const READS = new Map<number, (reader: JuteReader, view: ReadView) => Body>([
  [REQUEST_TYPES.exists, exists],
  [REQUEST_TYPES.getData, getData],
  [REQUEST_TYPES.getAcl, getAcl],
  [REQUEST_TYPES.getChildren, (reader, view) => getChildren(reader, view, false)],
  [REQUEST_TYPES.getChildren2, (reader, view) => getChildren(reader, view, true)],
  [REQUEST_TYPES.sync, sync],
  [REQUEST_TYPES.multiRead, multiRead],
  [REQUEST_TYPES.getEphemerals, getEphemerals],
  [REQUEST_TYPES.getAllChildrenNumber, getAllChildrenNumber],
  [REQUEST_TYPES.whoAmI, whoAmI],
  [REQUEST_TYPES.addWatch, addWatch],
  [REQUEST_TYPES.checkWatches, (reader, view) => changeWatches(reader, view, false)],
  [REQUEST_TYPES.removeWatches, (reader, view) => changeWatches(reader, view, true)],
  [REQUEST_TYPES.setWatches, (reader, view) => setWatches(reader, view, false)],
  [REQUEST_TYPES.setWatches2, (reader, view) => setWatches(reader, view, true)],
  [
    REQUEST_TYPES.reconfig,
    () => {
      throw new ZooKeeperError('RECONFIGDISABLED')
    },
  ],
])

function exists(reader: JuteReader, { tree, watches, sink, identity }: ReadView): Body {
  const path = reader.readString()
  if (path.includes('\0')) throw new ZooKeeperError('BADARGUMENTS', path)
  const node = nodeAt(path, tree)
  if (node !== undefined && !isAllowed(tree.aclOf(node), PERMISSIONS.read, identity))
    throw new ZooKeeperError('NOAUTH', path)
  // The watch waits for the creation of a node that is not there.
  if (reader.readBoolean()) watches.addData(path, sink)
  if (node === undefined) throw new ZooKeeperError('NONODE', path)
  return (writer) => writeStat(writer, clientStat(node))
}

function getData(reader: JuteReader, view: ReadView): Body {
  const path = reader.readString()
  const node = readable(path, view)
  if (reader.readBoolean()) view.watches.addData(path, view.sink)
  return dataBody(node)
}

function dataBody(node: DataNode): (writer: JuteWriter) => void {
  return (writer) => {
    writer.writeBuffer(node.data)
    writeStat(writer, clientStat(node))
  }
}

function getChildren(reader: JuteReader, view: ReadView, withStat: boolean): Body {
  const path = reader.readString()
  const node = readable(path, view)
  if (reader.readBoolean()) view.watches.addChildren(path, view.sink)
  return (writer) => {
    writeStrings(writer, [...(node.children ?? [])])
    if (withStat) writeStat(writer, clientStat(node))
  }
}

/** Who may only read sees no digests of passwords. */
function getAcl(reader: JuteReader, { tree, identity }: ReadView): Body {
  const path = reader.readString()
  const node = present(tree, path)
  const acl = tree.aclOf(node)
  if (!isAllowed(acl, PERMISSIONS.read | PERMISSIONS.admin, identity))
    throw new ZooKeeperError('NOAUTH', path)
  const shown = isAllowed(acl, PERMISSIONS.admin, identity) ? acl : acl.map(withoutDigest)
  return (writer) => {
    writeAcls(writer, shown)
    writeStat(writer, clientStat(node))
  }
}

function withoutDigest(acl: Acl): Acl {
  if (acl.id.scheme !== 'digest') return acl
  return { perms: acl.perms, id: { scheme: 'digest', id: `${userOf(acl.id)}:x` } }
}

function sync(reader: JuteReader): Body {
  const path = reader.readNullableString()
  return (writer) => (path === null ? writer.writeInt(-1) : writer.writeString(path))
}

function multiRead(reader: JuteReader, view: ReadView): Body {
  const steps = readSteps(reader, (type, each) => {
    if (type !== REQUEST_TYPES.getData && type !== REQUEST_TYPES.getChildren)
      throw new JuteError(`a multiRead has no steps of type ${type}`)
    const path = each.readString()
    each.readBoolean()
    return { type, path }
  })
  const results = steps.map(({ type, path }) => readStep(type, path, view))
  return (writer) => {
    for (const { type, err, write } of results) {
      if (writer.size > MAX_ANSWER_BYTES) throw new JuteError('the answers to a multiRead are too large')
      writeMultiHeader(writer, { type, isDone: false, err })
      write(writer)
    }
    writeMultiHeader(writer, MULTI_END)
  }
}

interface StepResult {
  readonly type: number
  readonly err: number
  readonly write: (writer: JuteWriter) => void
}

function readStep(type: number, path: string, view: ReadView): StepResult {
  try {
    const node = readable(path, view)
    if (type === REQUEST_TYPES.getData) return { type, err: 0, write: dataBody(node) }
    return { type, err: 0, write: (writer) => writeStrings(writer, [...(node.children ?? [])]) }
  } catch (error) {
    if (!(error instanceof ZooKeeperError)) throw error
    const err = error.numericCode
    return { type: -1, err, write: (writer) => writer.writeInt(err) }
  }
}

function getEphemerals(reader: JuteReader, { tree, sessionId }: ReadView): Body {
  const prefix = reader.readNullableString() ?? ''
  const paths = [...tree.ephemeralsOf(sessionId)].filter((path) => path.startsWith(prefix))
  return (writer) => writeStrings(writer, paths)
}

function getAllChildrenNumber(reader: JuteReader, view: ReadView): Body {
  const path = reader.readString()
  readable(path, view)
  const prefix = path === '/' ? '/' : `${path}/`
  let count = path === '/' ? -1 : 0
  for (const each of view.tree.paths()) if (each.startsWith(prefix)) count++
  return (writer) => writer.writeInt(count)
}

function whoAmI(_: JuteReader, { identity }: ReadView): Body {
  return (writer) =>
    writer.writeVector(identity.ids, (each, id) => {
      each.writeString(id.scheme)
      each.writeString(userOf(id))
    })
}

function addWatch(reader: JuteReader, { watches, sink }: ReadView): Body {
  const path = reader.readString()
  const mode = ADD_WATCH_MODES[reader.readInt()]
  if (mode === undefined) throw new JuteError('an unknown mode of watches')
  watches.addLasting(path, mode, sink)
  return (writer) => writer.writeInt(0)
}

function changeWatches(reader: JuteReader, { watches, sink }: ReadView, doRemove: boolean): Body {
  const path = reader.readString()
  const type: WatcherType | undefined = WATCHER_TYPES[reader.readInt() - 1]
  if (type === undefined) throw new JuteError('an unknown type of watches')
  if (!watches.has(path, type, sink)) throw new ZooKeeperError('NOWATCHER', path)
  if (doRemove) watches.remove(path, type, sink)
  return undefined
}

/** After a reconnect: what happened since `relativeZxid` is told at once, the rest is watched again (DataTree.setWatches). */
function setWatches(reader: JuteReader, view: ReadView, withLasting: boolean): Body {
  const { tree, watches, sink } = view
  const relativeZxid = reader.readLong()
  const [data, exist, child] = [readStrings(reader), readStrings(reader), readStrings(reader)]
  const [persistent, recursive] = withLasting ? [readStrings(reader), readStrings(reader)] : [[], []]
  const tell = (type: TreeEvent['type'], path: string) => sink({ type, path })
  for (const path of data) {
    const node = tree.get(path)
    if (node === undefined) tell('NodeDeleted', path)
    else if (node.stat.mzxid > relativeZxid) tell('NodeDataChanged', path)
    else watches.addData(path, sink)
  }
  for (const path of exist) {
    if (tree.get(path) !== undefined) tell('NodeCreated', path)
    else watches.addData(path, sink)
  }
  for (const path of child) {
    const node = tree.get(path)
    if (node === undefined) tell('NodeDeleted', path)
    else if (node.stat.pzxid > relativeZxid) tell('NodeChildrenChanged', path)
    else watches.addChildren(path, sink)
  }
  for (const path of persistent) watches.addLasting(path, 'persistent', sink)
  for (const path of recursive) watches.addLasting(path, 'persistent-recursive', sink)
  return undefined
}

/** Only clients check paths before they read: here a path that cannot be is a node that is not there. */
function nodeAt(path: string, tree: DataTree): DataNode | undefined {
  return tree.get(path === '' ? '/' : path)
}

function present(tree: DataTree, path: string): DataNode {
  const node = nodeAt(path, tree)
  if (node === undefined) throw new ZooKeeperError('NONODE', path)
  return node
}

function readable(path: string, { tree, identity }: ReadView): DataNode {
  const node = present(tree, path)
  if (!isAllowed(tree.aclOf(node), PERMISSIONS.read, identity)) throw new ZooKeeperError('NOAUTH', path)
  return node
}

/** The error of an answer. */
export function errorCodeOf(error: unknown): number {
  return error instanceof ZooKeeperError ? error.numericCode : ZOOKEEPER_ERROR_CODES.MARSHALLINGERROR
}
