import { KcliError } from '../../../base/errors.ts'
import type { Admin, PartitionResult, Reassignment } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { selectTopics } from '../topics/select.ts'
import { type PlannedPartition, planText, readPlan, writePlan } from './plan-file.ts'
import { type CurrentPartition, proposePlan } from './propose.ts'
import { reportPartitions } from './report.ts'
import { setThrottle } from './throttle.ts'
import { finishMoves } from './under-way.ts'

export interface ReassignOptions {
  readonly names: readonly string[]
  readonly regex: boolean
  /** A plan in the form of Kafka's tool; `-` is stdin. */
  readonly planFile: string | undefined
  /** Where the partitions may be; all brokers when undefined. */
  readonly brokers: readonly number[] | undefined
  readonly replicationFactor: number | undefined
  readonly execute: boolean
  readonly bytesPerSecond: number | undefined
  readonly wait: boolean
  /** Where to write the plan, and the way back. */
  readonly saveFile: string | undefined
  readonly rollbackFile: string | undefined
}

/** A partition that is to be somewhere else than it is. */
interface Move extends PlannedPartition {
  readonly from: readonly number[]
  readonly adding: readonly number[]
  readonly removing: readonly number[]
}

/** Moves partitions: by a plan, or by one of its own. Shows what it would do, and does it only when told to. */
export async function reassignPartitions(context: CommandContext, options: ReassignOptions): Promise<number> {
  const { admin } = await context.target()
  const moves = await planMoves(context, admin, options)
  const { saveFile, rollbackFile } = options
  if (saveFile !== undefined) writePlan(saveFile, moves)
  if (moves.length === 0) {
    context.out.note('Everything is where it is to be.')
    if (context.out.isData) await showMoves(context, [])
    return EXIT.done
  }
  if (!options.execute) {
    await showMoves(context, moves)
    context.out.note('Nothing was changed. Add --execute to move them.')
    return EXIT.done
  }
  const back = moves.map(({ topic, partition, from }) => ({ topic, partition, replicas: from }))
  if (rollbackFile !== undefined) writePlan(rollbackFile, back)
  else context.out.note(`The way back, as a plan: ${planText(back).trim()}`)
  if (options.bytesPerSecond !== undefined) {
    const copying = moves.map(({ topic, partition, from, adding: to }) => ({ topic, partition, from, to }))
    await setThrottle(admin, copying, options.bytesPerSecond)
  }
  const results = await admin.reassignPartitions(moves, { timeoutMs: context.timeoutMs })
  return report(context, moves, results, options)
}

async function report(
  context: CommandContext,
  moves: readonly Move[],
  results: readonly PartitionResult[],
  { wait, bytesPerSecond }: ReassignOptions,
): Promise<number> {
  const started = results.filter(({ error }) => error === null)
  const names = new Set(started.map(({ name }) => name))
  const moveOf = new Map(moves.map((move) => [nameOf(move), move]))
  if (wait && started.length > 0) {
    await finishMoves(context, (each) => names.has(nameOf(each)), [
      ...new Set(started.map(({ topic }) => topic)),
    ])
  }
  const done = wait ? 'moved' : 'started'
  await reportPartitions(context, results, {
    status: ({ error }) => (error === null ? done : 'failed'),
    sentence: ({ name }) => {
      const move = moveOf.get(name)
      const route = `${name} from ${move?.from.join(',')} to ${move?.replicas.join(',')}`
      return wait ? `Moved ${route}.` : `Moving ${route}.`
    },
    data: ({ name }) => ({ from: moveOf.get(name)?.from, to: moveOf.get(name)?.replicas }),
  })
  if (!wait && started.length > 0) {
    const throttled = bytesPerSecond === undefined ? '' : ', and take the throttle away,'
    context.out.note(`Wait for them${throttled} with: kcli partitions reassign --wait`)
  }
  return started.length === results.length ? EXIT.done : EXIT.failed
}

/** Those of the plan that are not where they are to be. */
async function planMoves(context: CommandContext, admin: Admin, options: ReassignOptions): Promise<Move[]> {
  const { planFile, names, brokers, replicationFactor } = options
  if (planFile !== undefined) {
    if (names.length > 0 || brokers !== undefined || replicationFactor !== undefined) {
      throw new UsageError('a plan says all: topics, brokers and replicas', 'Leave the others out.')
    }
    const plan = await readPlan(planFile, context)
    const topics = [...new Set(plan.map(({ topic }) => topic))]
    const moving = await underWay(admin)
    return movesOf(await currentOf(admin, moving, topics, false), plan, moving)
  }
  if (names.length === 0) {
    throw new UsageError('nothing to move', 'Name topics, or give a plan with --plan FILE.')
  }
  const moving = await underWay(admin)
  const current = await currentOf(admin, moving, names, options.regex)
  const busy = current.find((each) => moving.has(nameOf(each)))
  if (busy !== undefined) {
    throw new KcliError('KCLI_REASSIGNMENT_IN_PROGRESS', `${nameOf(busy)} is being moved already`, {
      hint: 'See it with: kcli partitions reassign --list. End it with --cancel, or wait for it with --wait.',
    })
  }
  const known = (await admin.describeCluster()).brokers
  const unknown = brokers?.find((id) => !known.some((broker) => broker.id === id))
  if (unknown !== undefined) {
    throw new KcliError('KCLI_UNKNOWN_BROKER', `there is no broker ${unknown}`, {
      hint: `There are ${known.map(({ id }) => id).join(', ')}.`,
    })
  }
  const allowed = known.filter(({ id }) => brokers === undefined || brokers.includes(id))
  return movesOf(current, proposePlan(current, allowed, replicationFactor), moving)
}

type UnderWay = ReadonlyMap<string, Reassignment>

async function underWay(admin: Admin): Promise<UnderWay> {
  return new Map((await admin.listReassignments()).map((each) => [nameOf(each), each]))
}

/** Where they are; of those that are being moved, where they come from. */
async function currentOf(
  admin: Admin,
  moving: UnderWay,
  names: readonly string[],
  regex: boolean,
): Promise<CurrentPartition[]> {
  const topics = await selectTopics(admin, { names, regex, includeInternal: true })
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partition, replicas, isr }) => {
      const adding = moving.get(`${name}-${partition}`)?.addingReplicas ?? []
      const origin = replicas.filter((id) => !adding.includes(id))
      return { topic: name, partition, replicas: origin, isr }
    }),
  )
}

function movesOf(
  current: readonly CurrentPartition[],
  plan: readonly PlannedPartition[],
  moving: UnderWay,
): Move[] {
  const before = new Map(current.map((each) => [nameOf(each), each.replicas]))
  return plan.flatMap((each) => {
    const from = before.get(nameOf(each))
    if (from === undefined) {
      const message = `topic '${each.topic}' has no partition ${each.partition}`
      throw new KcliError('KCLI_PLAN', message, { hint: 'Take it out of the plan.' })
    }
    if (from.join() === each.replicas.join() && !moving.has(nameOf(each))) return []
    const adding = each.replicas.filter((id) => !from.includes(id))
    const removing = from.filter((id) => !each.replicas.includes(id))
    return { ...each, from, adding, removing }
  })
}

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}-${partition}`
}

async function showMoves(context: CommandContext, moves: readonly Move[]): Promise<void> {
  await context.out.view({
    rows: moves,
    columns: [
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'PARTITION', value: ({ partition }) => partition },
      { header: 'FROM', value: ({ from }) => from.join(',') },
      { header: 'TO', value: ({ replicas }) => replicas.join(',') },
      { header: 'ADDING', value: ({ adding }) => adding.join(',') },
      { header: 'REMOVING', value: ({ removing }) => removing.join(',') },
    ],
    data: ({ topic, partition, from, replicas, adding, removing }) => ({
      topic,
      partition,
      from,
      to: replicas,
      adding,
      removing,
    }),
    name: nameOf,
  })
}
