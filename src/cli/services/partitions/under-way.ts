import type { PartitionResult, Reassignment, TopicPartition } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { type LogDirMove, logDirMovesUnderWay, logDirsData, logDirsText } from './log-dirs.ts'
import { readPlan } from './plan-file.ts'
import { reportPartitions } from './report.ts'
import { clearThrottle } from './throttle.ts'
import { waitForMoves } from './wait.ts'

/** Which of the partitions that move are meant: all of them when neither is given. */
export interface MovesOptions {
  readonly names: readonly string[]
  readonly planFile: string | undefined
}

async function meant(
  context: CommandContext,
  { names, planFile }: MovesOptions,
): Promise<(each: TopicPartition) => boolean> {
  if (planFile === undefined) return ({ topic }) => names.length === 0 || names.includes(topic)
  const planned = new Set(
    (await readPlan(planFile, context)).map((each) => `${each.topic}-${each.partition}`),
  )
  return ({ topic, partition }) => planned.has(`${topic}-${partition}`)
}

/** A partition on its way to other brokers, or replicas of it on their way to other directories. */
interface MoveUnderWay extends TopicPartition {
  readonly reassignment: Reassignment | undefined
  readonly logDirMoves: readonly LogDirMove[]
}

async function underWay(context: CommandContext, options: MovesOptions): Promise<MoveUnderWay[]> {
  const { admin } = await context.target()
  const isMeant = await meant(context, options)
  const reassignments = (await admin.listReassignments({ timeoutMs: context.timeoutMs })).filter(isMeant)
  const logDirMoves = (await logDirMovesUnderWay(admin)).filter(isMeant)
  const isSame = (a: TopicPartition) => (b: TopicPartition) =>
    a.topic === b.topic && a.partition === b.partition
  const others = logDirMoves.filter(
    (each, i) => !reassignments.some(isSame(each)) && logDirMoves.findIndex(isSame(each)) === i,
  )
  return [...reassignments, ...others].map((each) => ({
    topic: each.topic,
    partition: each.partition,
    reassignment: reassignments.find(isSame(each)),
    logDirMoves: logDirMoves.filter(isSame(each)),
  }))
}

/** Partitions that are on their way. */
export async function listMoves(context: CommandContext, options: MovesOptions): Promise<number> {
  const rows = await underWay(context, options)
  const hasLogDirs = rows.some(({ logDirMoves }) => logDirMoves.length > 0)
  await context.out.view({
    rows,
    columns: [
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'PARTITION', value: ({ partition }) => partition },
      { header: 'REPLICAS', value: ({ reassignment }) => reassignment?.replicas.join(',') ?? '' },
      { header: 'ADDING', value: ({ reassignment }) => reassignment?.addingReplicas.join(',') ?? '' },
      { header: 'REMOVING', value: ({ reassignment }) => reassignment?.removingReplicas.join(',') ?? '' },
      ...(hasLogDirs
        ? [{ header: 'LOG-DIRS', value: ({ logDirMoves }: MoveUnderWay) => logDirsText(logDirMoves) }]
        : []),
    ],
    data: ({ topic, partition, reassignment, logDirMoves }) => ({
      topic,
      partition,
      replicas: reassignment?.replicas ?? logDirMoves.map(({ broker }) => broker),
      addingReplicas: reassignment?.addingReplicas ?? [],
      removingReplicas: reassignment?.removingReplicas ?? [],
      ...logDirsData(logDirMoves),
    }),
    name: ({ topic, partition }) => `${topic}-${partition}`,
    empty: 'Nothing is being moved.',
  })
  return EXIT.done
}

/** Takes back what is under way: the old replicas stay, where they are, and the new ones are deleted. */
export async function cancelMoves(
  context: CommandContext,
  options: MovesOptions & { readonly yes: boolean },
): Promise<number> {
  const moves = await underWay(context, options)
  if (moves.length === 0) {
    context.out.note('Nothing is being moved.')
    if (context.out.isData) await context.out.object([], () => '')
    return EXIT.done
  }
  const isAll = options.names.length === 0 && options.planFile === undefined
  if (isAll && !options.yes) {
    const names = moves.map(({ topic, partition }) => `${topic}-${partition}`)
    const what = names.length > 5 ? `all ${names.length} partitions that are being moved` : names.join(', ')
    await context.confirm(`Cancel the move of ${what}?`, '--yes')
  }
  const results = await cancel(context, moves)
  // Between the list and the request it may have come to its end.
  const isOver = (errorName: string | undefined) => errorName === 'NO_REASSIGNMENT_IN_PROGRESS'
  await reportPartitions(context, results, {
    status: ({ error }) => (error === null ? 'cancelled' : isOver(error.errorName) ? 'over' : 'failed'),
    sentence: ({ name }, status) =>
      status === 'over' ? `${name} is not being moved any more.` : `Cancelled the move of ${name}.`,
  })
  await unthrottle(context, [...new Set(moves.map(({ topic }) => topic))])
  return results.every(({ error }) => error === null || isOver(error.errorName)) ? EXIT.done : EXIT.failed
}

async function cancel(context: CommandContext, moves: readonly MoveUnderWay[]): Promise<PartitionResult[]> {
  const { admin } = await context.target()
  const reassigned = moves.filter(({ reassignment }) => reassignment !== undefined)
  const results: PartitionResult[] = []
  if (reassigned.length > 0) {
    const wanted = reassigned.map(({ topic, partition }) => ({ topic, partition, replicas: null }))
    results.push(...(await admin.reassignPartitions(wanted, { timeoutMs: context.timeoutMs })))
  }
  // Naming the directory in which a replica is ends its way to another one.
  const staying = moves.flatMap(({ logDirMoves }) =>
    logDirMoves.flatMap(({ from, ...rest }) => (from === null ? [] : { ...rest, logDir: from })),
  )
  const answers = staying.length === 0 ? [] : await admin.alterReplicaLogDirs(staying)
  for (const answer of answers) if (!results.some(({ name }) => name === answer.name)) results.push(answer)
  return results
}

/** Waits until nothing moves any more and takes throttles away, as kafka-reassign-partitions --verify does. */
export async function waitForAll(context: CommandContext, options: MovesOptions): Promise<number> {
  const moves = await underWay(context, options)
  const { admin } = await context.target()
  const topics = options.names.length > 0 ? options.names : (await admin.listTopics()).map(({ name }) => name)
  await finishMoves(context, await meant(context, options), topics)
  context.out.note(
    moves.length === 0
      ? 'Nothing is being moved.'
      : `Moved ${moves.map((m) => `${m.topic}-${m.partition}`).join(', ')}.`,
  )
  return EXIT.done
}

/** Waits for these, then takes the throttles of their topics away. */
export async function finishMoves(
  context: CommandContext,
  isMeant: (each: TopicPartition) => boolean,
  topics: readonly string[],
): Promise<void> {
  await waitForMoves(context, isMeant)
  await unthrottle(context, topics)
}

/** The rates of brokers hold for all that is copied: they stay as long as anything is. */
async function unthrottle(context: CommandContext, topics: readonly string[]): Promise<void> {
  const { admin } = await context.target()
  if ((await admin.listReassignments({ timeoutMs: context.timeoutMs })).length > 0) return
  if ((await logDirMovesUnderWay(admin)).length > 0) return
  if ((await clearThrottle(admin, topics)) > 0) context.out.note('The throttle is taken away.')
}
