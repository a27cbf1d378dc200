import type { GlobalFlags } from '../base-command.ts'
import { chooseTarget, openTarget } from '../target.ts'
import type { KnownNames } from './name-cache.ts'

export type NameKind = 'topics' | 'groups' | 'brokers'

/**
 * Asks a target for names; what it does not answer is left out. A local cluster is looked at in its files: asking for names
 * neither starts it nor waits for who serves it.
 */
export async function gatherNames(
  flags: GlobalFlags,
  kinds: readonly NameKind[],
  timeoutMs: number,
): Promise<Partial<KnownNames>> {
  const isLocal = chooseTarget(flags, process.env).kind === 'local'
  const opened = { ...flags, timeout: timeoutMs, ...(isLocal && { offline: true }) }
  const target = await openTarget(opened, { timeoutMs, version: '', signal: new AbortController().signal })
  try {
    const { admin } = target
    const asked = {
      topics: async () => ({
        topics: (await admin.listTopics()).map(({ name, partitions }) => [name, partitions.length] as const),
      }),
      groups: async () => ({
        groups: (await admin.listConsumerGroups()).groups.map(({ groupId }) => groupId).sort(),
      }),
      brokers: async () => ({ brokers: (await admin.describeCluster()).brokers.map(({ id }) => id) }),
    }
    const answers = await Promise.allSettled(kinds.map((kind) => asked[kind]()))
    return Object.assign({}, ...answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : {})))
  } finally {
    await target.close().catch(() => undefined)
  }
}
