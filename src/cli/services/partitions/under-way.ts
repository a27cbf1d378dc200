import type { Reassignment } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
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
): Promise<(each: Reassignment) => boolean> {
  if (planFile === undefined) return ({ topic }) => names.length === 0 || names.includes(topic)
  const planned = new Set(
    (await readPlan(planFile, context)).map((each) => `${each.topic}-${each.partition}`),
  )
  return ({ topic, partition }) => planned.has(`${topic}-${partition}`)
}

async function underWay(context: CommandContext, options: MovesOptions): Promise<Reassignment[]> {
  const { admin } = await context.target()
  const isMeant = await meant(context, options)
  return (await admin.listReassignments({ timeoutMs: context.timeoutMs })).filter(isMeant)
}

/** Partitions that are on their way. */
export async function listMoves(context: CommandContext, options: MovesOptions): Promise<number> {
  await context.out.view({
    rows: await underWay(context, options),
    columns: [
      { header: 'TOPIC', value: ({ topic }) => topic },
      { header: 'PARTITION', value: ({ partition }) => partition },
      { header: 'REPLICAS', value: ({ replicas }) => replicas.join(',') },
      { header: 'ADDING', value: ({ addingReplicas }) => addingReplicas.join(',') },
      { header: 'REMOVING', value: ({ removingReplicas }) => removingReplicas.join(',') },
    ],
    data: (each) => each,
    name: ({ topic, partition }) => `${topic}-${partition}`,
    empty: 'Nothing is being moved.',
  })
  return EXIT.done
}

/** Takes back what is under way: the old replicas stay, the new ones are deleted. */
export async function cancelMoves(
  context: CommandContext,
  options: MovesOptions & { readonly yes: boolean },
): Promise<number> {
  const { admin } = await context.target()
  const moves = await underWay(context, options)
  if (moves.length === 0) {
    context.out.note('Nothing is being moved.')
    return EXIT.done
  }
  const isAll = options.names.length === 0 && options.planFile === undefined
  if (isAll && !options.yes) {
    const names = moves.map(({ topic, partition }) => `${topic}-${partition}`)
    const what = names.length > 5 ? `all ${names.length} partitions that are being moved` : names.join(', ')
    await context.confirm(`Cancel the move of ${what}?`, '--yes')
  }
  const results = await admin.reassignPartitions(
    moves.map(({ topic, partition }) => ({ topic, partition, replicas: null })),
    { timeoutMs: context.timeoutMs },
  )
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
  isMeant: (each: Reassignment) => boolean,
  topics: readonly string[],
): Promise<void> {
  await waitForMoves(context, isMeant)
  await unthrottle(context, topics)
}

/** The rates of brokers hold for all that is copied: they stay as long as anything is. */
async function unthrottle(context: CommandContext, topics: readonly string[]): Promise<void> {
  const { admin } = await context.target()
  if ((await admin.listReassignments({ timeoutMs: context.timeoutMs })).length > 0) return
  if ((await clearThrottle(admin, topics)) > 0) context.out.note('The throttle is taken away.')
}
