import { sleep } from '../../../base/clock.ts'
import { KcliError, messageOf } from '../../../base/errors.ts'
import type { ClusterDescription, TopicInfo } from '../../../client/index.ts'
import { DataDirectory, isServed, systemPorts } from '../../../cluster/index.ts'
import type { CommandContext } from '../../context.ts'
import { plural } from '../../output/text.ts'
import { chooseTarget, targetName } from '../../target.ts'
import { underReplicated } from '../topics/list.ts'

export interface WaitOptions {
  /** So many at least. */
  readonly brokers: number
  /** They have to exist; without any, all that there are count. */
  readonly topics: readonly string[]
  /** Every replica of every partition has to have everything. */
  readonly inSync: boolean
}

const LOOK_EVERY_MS = 200

/**
 * Returns when the cluster can be used: enough brokers, a controller, every topic there and every partition with a leader.
 * Exit code 3 with what is still missing when that takes longer than --timeout.
 */
export async function waitForCluster(context: CommandContext, options: WaitOptions): Promise<undefined> {
  const { clock, signal, timeoutMs } = context
  const startMs = clock.monotonicMs()
  const choice = chooseTarget(context.flags, process.env)
  const isUp = choice.kind === 'local' ? serverOf(choice.dataDir) : () => true
  let missing = 'nobody has answered'
  const progress = context.progress(() => `Waiting for ${targetName(context.flags)}: ${missing}`)
  try {
    while (!signal.aborted) {
      const state = isUp() ? await look(context, options) : 'no server runs on it'
      if (typeof state !== 'string') {
        const waitedMs = Math.round(clock.monotonicMs() - startMs)
        await context.out.object(
          { ...state, waitedMs },
          () => `${sentence(state)}\n`,
          () => [choice.kind === 'remote' ? choice.addresses : choice.dataDir],
        )
        return undefined
      }
      missing = state
      if (clock.monotonicMs() - startMs + LOOK_EVERY_MS > timeoutMs) throw notReady(context, missing)
      await sleep(clock, LOOK_EVERY_MS)
    }
  } finally {
    progress.stop()
  }
  return undefined
}

interface Ready {
  readonly brokers: number
  readonly controller: number
  readonly topics: number
  readonly partitions: number
}

/** This command would run the local cluster itself; what is waited for is `cluster start`. */
function serverOf(dataDir: string): () => boolean {
  const ports = systemPorts()
  const directory = new DataDirectory(ports.fs, dataDir)
  return () => isServed(ports, directory) && directory.readServerInfo()?.kind === 'server'
}

/** What is there, or what is missing. */
async function look(context: CommandContext, options: WaitOptions): Promise<Ready | string> {
  try {
    const { admin } = await context.target()
    return readiness(await admin.describeCluster(), await admin.listTopics(), options)
  } catch (error) {
    return messageOf(error)
  }
}

export function readiness(
  cluster: Pick<ClusterDescription, 'brokers' | 'controllerId'>,
  found: readonly TopicInfo[],
  { brokers, topics, inSync }: WaitOptions,
): Ready | string {
  const count = cluster.brokers.length
  if (count < brokers) return `${count} of ${brokers} brokers are there`
  if (cluster.controllerId < 0) return 'there is no controller'
  const absent = topics.filter((name) => !found.some((topic) => topic.name === name))
  if (absent.length > 0) return `there is no topic ${absent.join(', ')}`
  const counted = topics.length === 0 ? found : found.filter(({ name }) => topics.includes(name))
  const partitions = counted.flatMap(({ partitions }) => partitions)
  const leaderless = partitions.filter(({ leader }) => leader < 0).length
  if (leaderless > 0) return `${leaderless} of ${partitions.length} partitions have no leader`
  const behind = inSync ? counted.reduce((sum, topic) => sum + underReplicated(topic), 0) : 0
  if (behind > 0) return `${behind} of ${partitions.length} partitions have replicas that are behind`
  return {
    brokers: count,
    controller: cluster.controllerId,
    topics: counted.length,
    partitions: partitions.length,
  }
}

function sentence({ brokers, controller, topics, partitions }: Ready): string {
  const led = `${plural(partitions, 'partition')} of ${plural(topics, 'topic')} with leaders`
  return `Ready: ${plural(brokers, 'broker')}, controller ${controller}, ${led}.`
}

function notReady({ flags, timeoutMs }: CommandContext, missing: string): KcliError {
  return new KcliError(
    'KCLI_WAIT_TIMEOUT',
    `${targetName(flags)} is not ready after ${timeoutMs} ms: ${missing}`,
    { hint: 'Give it more time with --timeout MS.' },
  )
}
