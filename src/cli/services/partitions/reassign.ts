import { KcliError } from '../../../base/errors.ts'
import type { Admin, PartitionResult, Reassignment } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { selectTopics } from '../topics/select.ts'
import {
  type LogDirMove,
  logDirsData,
  logDirsText,
  plannedLogDirMoves,
  startLogDirMoves,
} from './log-dirs.ts'
import { ANY_LOG_DIR, type PlannedPartition, planText, readPlan, writePlan } from './plan-file.ts'
import { type CurrentPartition, drainPlan, proposePlan } from './propose.ts'
import { reportPartitions } from './report.ts'
import { setLogDirsThrottle, setThrottle } from './throttle.ts'
import { finishMoves } from './under-way.ts'

export interface ReassignOptions {
  readonly names: readonly string[]
  readonly regex: boolean
  /** A plan in the form of Kafka's tool; `-` is stdin. */
  readonly planFile: string | undefined
  /** Where the partitions may be; all brokers when undefined. */
  readonly brokers: readonly number[] | undefined
  readonly replicationFactor: number | undefined
  /** Brokers that are to have no replicas any more; of all topics when none is named. */
  readonly drained: readonly number[]
  readonly execute: boolean
  readonly bytesPerSecond: number | undefined
  /** The same between the log directories of a broker. */
  readonly logDirsBytesPerSecond: number | undefined
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
  /** Whether the replicas are not those of the plan; else only directories change. */
  readonly isReassigned: boolean
  readonly logDirMoves: readonly LogDirMove[]
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
  const back = moves.map(wayBack)
  if (rollbackFile !== undefined) writePlan(rollbackFile, back)
  else context.out.note(`The way back, as a plan: ${planText(back).trim()}`)
  if (options.bytesPerSecond !== undefined) {
    const copying = moves.map(({ topic, partition, from, adding: to }) => ({ topic, partition, from, to }))
    await setThrottle(context, copying, options.bytesPerSecond)
  }
  const logDirMoves = moves.flatMap((move) => move.logDirMoves)
  if (options.logDirsBytesPerSecond !== undefined) {
    await setLogDirsThrottle(context, logDirMoves, options.logDirsBytesPerSecond)
  }
  // Before the replicas are made: then they are made there.
  const refused = await startLogDirMoves(admin, logDirMoves)
  const reassigned = moves.filter(({ isReassigned }) => isReassigned)
  const answers =
    reassigned.length === 0
      ? []
      : await admin.reassignPartitions(reassigned, { timeoutMs: context.timeoutMs })
  const errorOf = new Map(answers.map(({ name, error }) => [name, error]))
  const results = moves.map((move) => {
    const name = nameOf(move)
    const { topic, partition } = move
    return { name, topic, partition, error: errorOf.get(name) ?? refused.get(name) ?? null }
  })
  return report(context, moves, results, options)
}

function wayBack({ topic, partition, from, logDirMoves }: Move): PlannedPartition {
  const dirOf = (id: number) => logDirMoves.find(({ broker }) => broker === id)?.from ?? ANY_LOG_DIR
  return { topic, partition, replicas: from, logDirs: from.map(dirOf) }
}

async function report(
  context: CommandContext,
  moves: readonly Move[],
  results: readonly PartitionResult[],
  { wait, bytesPerSecond, logDirsBytesPerSecond }: ReassignOptions,
): Promise<number> {
  const started = results.filter(({ error }) => error === null)
  const names = new Set(started.map(({ name }) => name))
  const moveOf = new Map(moves.map((move) => [nameOf(move), move]))
  if (wait && started.length > 0) {
    const topics = [...new Set(started.map(({ topic }) => topic))]
    await finishMoves(context, (each) => names.has(nameOf(each)), topics)
  }
  const done = wait ? 'moved' : 'started'
  await reportPartitions(context, results, {
    status: ({ error }) => (error === null ? done : 'failed'),
    sentence: ({ name }) => {
      const move = moveOf.get(name)
      const route = move?.isReassigned ? ` from ${move.from.join(',')} to ${move.replicas.join(',')}` : ''
      const dirs =
        move !== undefined && move.logDirMoves.length > 0 ? ` to ${logDirsText(move.logDirMoves)}` : ''
      return `${wait ? 'Moved' : 'Moving'} ${name}${[route, dirs].filter((text) => text !== '').join(' and')}.`
    },
    data: ({ name }) => ({
      from: moveOf.get(name)?.from,
      to: moveOf.get(name)?.replicas,
      ...logDirsData(moveOf.get(name)?.logDirMoves ?? []),
    }),
  })
  if (!wait && started.length > 0) {
    const throttled =
      bytesPerSecond === undefined && logDirsBytesPerSecond === undefined
        ? ''
        : ', and take the throttle away,'
    context.out.note(`Wait for them${throttled} with: kcli partitions reassign --wait`)
  }
  return started.length === results.length ? EXIT.done : EXIT.failed
}

/** Those of the plan that are not where they are to be. */
async function planMoves(context: CommandContext, admin: Admin, options: ReassignOptions): Promise<Move[]> {
  const { planFile, names, brokers, replicationFactor, drained } = options
  if (planFile !== undefined) {
    if (names.length > 0 || brokers !== undefined || replicationFactor !== undefined || drained.length > 0) {
      throw new UsageError('a plan says all: topics, brokers and replicas', 'Leave the others out.')
    }
    const plan = await readPlan(planFile, context)
    const topics = [...new Set(plan.map(({ topic }) => topic))]
    const moving = await underWay(admin)
    const current = await currentOf(admin, moving, topics, false)
    return movesOf(current, plan, moving, await plannedLogDirMoves(admin, plan))
  }
  if (names.length === 0 && drained.length === 0) {
    throw new UsageError(
      'nothing to move',
      'Name topics, or give a plan with --plan FILE, or drain a broker with --drain.',
    )
  }
  const moving = await underWay(admin)
  const current = await currentOf(admin, moving, names, options.regex)
  const isMeant = ({ replicas }: CurrentPartition) =>
    drained.length === 0 || replicas.some((id) => drained.includes(id))
  const busy = current.filter(isMeant).find((each) => moving.has(nameOf(each)))
  if (busy !== undefined) {
    throw new KcliError('KCLI_REASSIGNMENT_IN_PROGRESS', `${nameOf(busy)} is being moved already`, {
      hint: 'See it with: kcli partitions reassign --list. End it with --cancel, or wait for it with --wait.',
    })
  }
  const known = (await admin.describeCluster()).brokers
  const isKnown = (id: number) =>
    known.some((broker) => broker.id === id) ||
    (drained.includes(id) && current.some(({ replicas }) => replicas.includes(id)))
  const unknown = [...(brokers ?? []), ...drained].find((id) => !isKnown(id))
  if (unknown !== undefined) {
    throw new KcliError('KCLI_UNKNOWN_BROKER', `there is no broker ${unknown}`, {
      hint: `There are ${known.map(({ id }) => id).join(', ')}.`,
    })
  }
  if (drained.length > 0) return movesOf(current, drainPlan(current, known, drained), moving)
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
  allLogDirMoves: readonly LogDirMove[] = [],
): Move[] {
  const before = new Map(current.map((each) => [nameOf(each), each.replicas]))
  return plan.flatMap((each) => {
    const from = before.get(nameOf(each))
    if (from === undefined) {
      const message = `topic '${each.topic}' has no partition ${each.partition}`
      throw new KcliError('KCLI_PLAN', message, { hint: 'Take it out of the plan.' })
    }
    const logDirMoves = allLogDirMoves.filter((move) => nameOf(move) === nameOf(each))
    const isReassigned = from.join() !== each.replicas.join() || moving.has(nameOf(each))
    if (!isReassigned && logDirMoves.length === 0) return []
    const adding = each.replicas.filter((id) => !from.includes(id))
    const removing = from.filter((id) => !each.replicas.includes(id))
    return { ...each, from, adding, removing, isReassigned, logDirMoves }
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
      ...(moves.some(({ logDirMoves }) => logDirMoves.length > 0)
        ? [{ header: 'LOG-DIRS', value: ({ logDirMoves }: Move) => logDirsText(logDirMoves) }]
        : []),
    ],
    data: ({ topic, partition, from, replicas, adding, removing, logDirMoves }) => ({
      topic,
      partition,
      from,
      to: replicas,
      adding,
      removing,
      ...logDirsData(logDirMoves),
    }),
    name: nameOf,
  })
}
