import path from 'node:path'
import { FileLocks } from '../../../base/file-lock.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import {
  executeRepair,
  type Finding,
  lockLogDirs,
  type PlannedStep,
  planRepair,
  RepairError,
  type RepairPlan,
} from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { Meter } from '../../output/meter.ts'
import { plural, printable } from '../../output/text.ts'
import { type FileSelection, locateFiles } from './locate.ts'

export interface RepairSegmentsOptions extends FileSelection {
  /** Does it; else it only says what it would do. */
  readonly execute: boolean
  /** For the copies; by default beside each log directory. */
  readonly backupDir: string | undefined
}

/** Puts right what `segments verify` finds, as far as that can be done with the files alone. */
export async function repairSegments(
  context: CommandContext,
  options: RepairSegmentsOptions,
): Promise<number> {
  const located = locateFiles(context, options)
  const locks = new FileLocks()
  if (!options.execute) {
    const plan = await planWith(context, located, (file) => locks.isHeld(file))
    await report(context, plan.steps, plan.left, false)
    if (plan.steps.length > 0)
      context.out.note('Nothing was changed. Add --execute to do it, with the broker stopped.')
    return plan.left.length > 0 ? EXIT.failed : EXIT.done
  }
  const logDirs = [...new Set([...located.wholeLogDirs, ...located.partitionDirs.map((dir) => dir.logDir)])]
  if (options.backupDir !== undefined) refuseInside(options.backupDir, logDirs)
  const release = lockLogDirs(nodeFileSystem, locks, logDirs)
  try {
    // The locks are ours: nobody is writing.
    const nobody = () => false
    const plan = await planWith(context, located, nobody)
    const copies = await execute(context, plan, options.backupDir)
    const after =
      plan.steps.length > 0 ? await planWith(context, locateFiles(context, options), nobody) : plan
    if (!context.out.isData) summarize(context, plan, copies, after)
    return after.left.length + after.steps.length > 0 ? EXIT.failed : EXIT.done
  } finally {
    release()
  }
}

async function planWith(
  context: CommandContext,
  located: ReturnType<typeof locateFiles>,
  isLocked: (file: string) => boolean,
): Promise<RepairPlan> {
  let done = 0
  const meter = new Meter({ clock: context.clock, unit: 'bytes' })
  const progress = context.progress(() => meter.line('Checking', done))
  try {
    return await planRepair(nodeFileSystem, {
      located,
      isLocked,
      signal: context.signal,
      onBytes: (bytes) => {
        done += bytes
      },
    })
  } finally {
    progress.stop()
  }
}

async function execute(
  context: CommandContext,
  { steps, left }: RepairPlan,
  backupDir: string | undefined,
): Promise<readonly string[]> {
  if (context.out.isData) await report(context, steps, left, true)
  if (steps.length === 0) return []
  const copies = await executeRepair(nodeFileSystem, {
    steps,
    nowMs: context.clock.nowMs(),
    backupDir,
    signal: context.signal,
    onStep: async (planned) => {
      if (!context.out.isData) await context.out.write(stepText(planned, true))
    },
  })
  return copies.map((backup) => backup.undoScript)
}

function summarize(
  context: CommandContext,
  plan: RepairPlan,
  copies: readonly string[],
  after: RepairPlan,
): void {
  if (plan.steps.length === 0 && plan.left.length === 0) context.out.note('There is nothing to repair.')
  if (plan.steps.length > 0) context.out.note(`Did ${plural(plan.steps.length, 'step')}.`)
  for (const script of copies) {
    context.out.note(`Copies are in ${path.dirname(script)}. To take everything back: sh ${script}`)
  }
  for (const finding of after.left) context.out.note(leftText(finding))
  for (const { what, why } of after.steps)
    context.out.note(`Still to do: ${what} (${why}). Run the command again.`)
}

async function report(
  context: CommandContext,
  steps: readonly PlannedStep[],
  left: readonly Finding[],
  isDone: boolean,
): Promise<void> {
  if (context.out.isData) return await writeData(context, steps, isDone)
  for (const planned of steps) await context.out.write(stepText(planned, isDone))
  for (const finding of left) context.out.note(leftText(finding))
  if (steps.length === 0 && left.length === 0) context.out.note('There is nothing to repair.')
}

function stepText({ what, why }: PlannedStep, isDone: boolean): string {
  return `${isDone ? 'Done' : 'Would'}: ${printable(what)}\n  because ${printable(why)}\n`
}

function leftText({ path: file, reason, advice }: Finding): string {
  return `kcli: ${printable(`${file}: ${reason}`)}. This cannot be repaired. ${advice}`
}

async function writeData(
  context: CommandContext,
  steps: readonly PlannedStep[],
  isDone: boolean,
): Promise<void> {
  await context.out.view({
    rows: steps,
    columns: [
      { header: 'ACTION', value: ({ step }) => step.kind },
      { header: 'PATH', value: ({ step }) => step.path },
      { header: 'POSITION', value: ({ step }) => (step.kind === 'cut' ? step.position : '') },
      { header: 'WHAT', value: ({ what }) => what },
      { header: 'WHY', value: ({ why }) => why },
    ],
    data: ({ step, what, why }) => ({
      action: step.kind,
      path: step.path,
      position: step.kind === 'cut' ? step.position : null,
      what,
      why,
      isDone,
    }),
    name: ({ step }) => step.path,
  })
}

function refuseInside(backupDir: string, logDirs: readonly string[]): void {
  const target = path.resolve(backupDir)
  const around = logDirs.find((logDir) => !path.relative(path.resolve(logDir), target).startsWith('..'))
  if (around === undefined) return
  throw new RepairError(
    `the copies cannot go to ${backupDir}: it lies in the log directory ${around}`,
    'Kafka takes every folder in a log directory for a partition: name a place outside.',
  )
}
