import type { Acl, Stat } from '../../zookeeper/index.ts'
import { PERMISSIONS } from '../../zookeeper/index.ts'

/** org.apache.zookeeper.cli.StatPrinter; every line ends. */
export function formatStat(stat: Stat): string {
  return [
    `cZxid = ${hex(stat.czxid)}`,
    `ctime = ${javaDate(stat.ctime)}`,
    `mZxid = ${hex(stat.mzxid)}`,
    `mtime = ${javaDate(stat.mtime)}`,
    `pZxid = ${hex(stat.pzxid)}`,
    `cversion = ${stat.cversion}`,
    `dataVersion = ${stat.version}`,
    `aclVersion = ${stat.aversion}`,
    `ephemeralOwner = ${hex(stat.ephemeralOwner)}`,
    `dataLength = ${stat.dataLength}`,
    `numChildren = ${stat.numChildren}`,
    '',
  ].join('\n')
}

/** For -o json: as above, times in ISO 8601, the session as zkCli writes it. */
export function statData(stat: Stat): Record<string, string | number> {
  return {
    czxid: stat.czxid,
    mzxid: stat.mzxid,
    pzxid: stat.pzxid,
    ctime: new Date(stat.ctime).toISOString(),
    mtime: new Date(stat.mtime).toISOString(),
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: hex(stat.ephemeralOwner),
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  }
}

function hex(value: number | bigint): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** java.util.Date's text: `Sat Nov 21 11:42:26 UTC 2026`, in the zone of this machine. */
function javaDate(ms: number): string {
  const date = new Date(ms)
  const two = (value: number) => String(value).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  const day = `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${two(date.getDate())}`
  return `${day} ${time} ${zoneName(date)} ${date.getFullYear()}`
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
}

const LETTERS = [
  ['c', PERMISSIONS.create],
  ['d', PERMISSIONS.delete],
  ['r', PERMISSIONS.read],
  ['w', PERMISSIONS.write],
  ['a', PERMISSIONS.admin],
] as const

/** `'world,'anyone`, then a line with `: cdrwa`. */
export function formatAcl({ perms, id }: Acl): string {
  return `'${id.scheme},'${id.id}\n: ${permissionLetters(perms)}\n`
}

export function permissionLetters(perms: number): string {
  return LETTERS.filter(([, bit]) => (perms & bit) !== 0)
    .map(([letter]) => letter)
    .join('')
}

/** `scheme:id:perms,…` (AclParser). What cannot be read is told and left out, as zkCli does. */
export function parseAcl(text: string, note: (text: string) => void): Acl[] {
  const entries: Acl[] = []
  for (const part of text.split(',')) {
    const first = part.indexOf(':')
    const last = part.lastIndexOf(':')
    if (first === -1 || first === last) {
      note(`${part} does not have the form scheme:id:perm`)
      continue
    }
    let perms = 0
    for (const letter of part.slice(last + 1)) {
      const bit = LETTERS.find(([each]) => each === letter)?.[1]
      if (bit === undefined) note(`Unknown perm type: ${letter}`)
      else perms |= bit
    }
    entries.push({ perms, id: { scheme: part.slice(0, first), id: part.slice(first + 1, last) } })
  }
  return entries
}

/** As zkCli shows data: as text, `null` for none. */
export function dataText(data: Buffer | null): string {
  return data === null ? 'null' : data.toString('utf8')
}
