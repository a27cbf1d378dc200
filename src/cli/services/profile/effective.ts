import type { GlobalFlags } from '../../base-command.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { withProfile } from '../../profiles/active.ts'
import { givenProperties } from '../../profiles/client-properties.ts'
import { shownValue } from '../../profiles/secrets.ts'
import { chooseTarget, chooseZooKeeper, clientTimes } from '../../target.ts'

interface Effective {
  readonly name: string
  readonly value: string
  /** Who said so: a flag, a variable, a file, a profile, or nobody. */
  readonly source: string
}

const DEFAULT = 'default'

/** What a command with these flags would work with, and why. Nothing is connected to, and no secret resolved. */
export async function showEffective(context: CommandContext, name: string | undefined): Promise<number> {
  const { activeProfile: _, ...others } = context.flags
  const asked: GlobalFlags = name === undefined ? context.flags : { ...others, profile: name }
  const flags = await withProfile(asked, process.env)
  await context.out.view({
    rows: effective(flags, context),
    columns: [
      { header: 'NAME', value: ({ name }) => name },
      { header: 'VALUE', value: ({ value }) => value },
      { header: 'SOURCE', value: ({ source }) => source },
    ],
    data: (row) => row,
    name: ({ name }) => name,
  })
  return EXIT.done
}

function effective(flags: GlobalFlags, context: CommandContext): Effective[] {
  const { activeProfile } = flags
  const rows: Effective[] = []
  const add = (name: string, value: string, source: string) => rows.push({ name, value, source })
  if (activeProfile === undefined) add('profile', 'none', DEFAULT)
  else {
    const source = `profile ${activeProfile.name}`
    add('profile', activeProfile.name, activeProfile.from)
    if (activeProfile.isProtected) add('protected', 'true', source)
    if (activeProfile.isReadOnly) add('read-only', 'true', source)
  }
  const choice = chooseTarget(flags, process.env)
  if (choice.kind === 'remote') add('bootstrap-server', choice.addresses, choice.from)
  else add('data-dir', choice.dataDir, choice.from)
  const zookeeper = chooseZooKeeper(flags, process.env)
  if (zookeeper !== undefined) add('zookeeper', zookeeper.connect, zookeeper.from)
  rows.push(...properties(flags, context))
  return rows
}

function properties(flags: GlobalFlags, context: CommandContext): Effective[] {
  const given = givenProperties(flags, (message) => context.out.warn(message))
  given.delete('bootstrap.servers')
  const { timeoutMs, version, signal } = context
  const { clientId, requestTimeoutMs, apiTimeoutMs, connectTimeoutMs } = clientTimes({
    timeoutMs,
    version,
    signal,
  })
  const ownTimes = {
    'request.timeout.ms': requestTimeoutMs,
    'default.api.timeout.ms': apiTimeoutMs,
    'socket.connection.setup.timeout.ms': connectTimeoutMs,
  }
  const rows = new Map<string, Effective>()
  for (const [name, { value, source }] of given)
    rows.set(name, { name, value: shownValue(name, value), source })
  if (!rows.has('client.id')) rows.set('client.id', { name: 'client.id', value: clientId, source: DEFAULT })
  for (const [name, timeMs] of Object.entries(ownTimes)) {
    if (flags.timeout === undefined && rows.has(name)) continue
    rows.set(name, {
      name,
      value: String(timeMs),
      source: flags.timeout === undefined ? DEFAULT : '--timeout',
    })
  }
  return [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
