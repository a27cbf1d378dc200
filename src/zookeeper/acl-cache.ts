import { type Acl, OPEN_ACL_UNSAFE } from './acl.ts'
import { JuteError, type JuteReader, type JuteWriter } from './jute.ts'
import { MIN_ACL_BYTES, readAcl, writeAcl } from './records.ts'

/** What nodes without an ACL of their own have (ReferenceCountedACLCache). */
export const OPEN_ACL_ID = -1

interface Entry {
  readonly acl: readonly Acl[]
  readonly key: string
  references: number
}

/** Nodes share their ACLs by number; an ACL goes when its last node does. */
export class AclCache {
  private readonly byId = new Map<number, Entry>()
  private readonly idByKey = new Map<string, number>()
  private lastId = 0

  get size(): number {
    return this.byId.size
  }

  /** Counts one more use. */
  idFor(acl: readonly Acl[] | null): number {
    if (acl === null) return OPEN_ACL_ID
    const key = keyOf(acl)
    let id = this.idByKey.get(key)
    if (id === undefined) {
      id = ++this.lastId
      this.put(id, { acl, key, references: 0 })
    }
    this.addUse(id)
    return id
  }

  /** Undefined for a number that the snapshot has nodes of, but no ACL for. */
  get(id: number): readonly Acl[] | undefined {
    return id === OPEN_ACL_ID ? OPEN_ACL_UNSAFE : this.byId.get(id)?.acl
  }

  addUse(id: number): void {
    const entry = this.byId.get(id)
    if (entry !== undefined) entry.references++
  }

  removeUse(id: number): void {
    const entry = this.byId.get(id)
    if (entry === undefined) return
    entry.references--
    if (entry.references <= 0) this.drop(id, entry)
  }

  dropUnused(): void {
    for (const [id, entry] of this.byId) if (entry.references <= 0) this.drop(id, entry)
  }

  /** int count, then for each: long id, vector<ACL>. */
  write(writer: JuteWriter): void {
    writer.writeInt(this.byId.size)
    for (const [id, entry] of this.byId) {
      writer.writeLong(id)
      writer.writeVector(entry.acl, writeAcl)
    }
  }

  read(reader: JuteReader): void {
    const count = reader.readInt()
    for (let i = 0; i < count; i++) {
      const id = reader.readLong()
      const acl = reader.readVector(MIN_ACL_BYTES, readAcl)
      if (acl === null) throw new JuteError(`ACL ${id} is null`)
      this.lastId = Math.max(this.lastId, id)
      this.put(id, { acl, key: keyOf(acl), references: 0 })
    }
  }

  private put(id: number, entry: Entry): void {
    this.byId.set(id, entry)
    this.idByKey.set(entry.key, id)
  }

  private drop(id: number, entry: Entry): void {
    this.byId.delete(id)
    if (this.idByKey.get(entry.key) === id) this.idByKey.delete(entry.key)
  }
}

function keyOf(acl: readonly Acl[]): string {
  return JSON.stringify(acl.map((each) => [each.perms, each.id.scheme, each.id.id]))
}
