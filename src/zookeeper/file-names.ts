import type { FileSystem } from '../base/file-system.ts'

/** Files are named by a zxid in hex: a log by its first, a snapshot by the last that it surely has. */
export interface ZxidFile {
  readonly name: string
  readonly zxid: number
}

export type ZxidFileKind = 'log' | 'snapshot'

export function zxidFileName(kind: ZxidFileKind, zxid: number): string {
  return `${kind}.${zxid.toString(16)}`
}

/** Those of one kind in the directory, oldest first. A snapshot may have an extension that says how it is compressed. */
export function listZxidFiles(fs: FileSystem, directory: string, kind: ZxidFileKind): ZxidFile[] {
  const files: ZxidFile[] = []
  for (const name of fs.readdirSync(directory)) {
    const match = /^(log|snapshot)\.([0-9a-f]{1,14})(\.gz|\.snappy)?$/.exec(name)
    if (match === null || match[1] !== kind) continue
    const zxid = Number.parseInt(match[2] ?? '', 16)
    if (Number.isSafeInteger(zxid)) files.push({ name, zxid })
  }
  return files.sort((a, b) => a.zxid - b.zxid)
}
