import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../../src/cli/base-command.ts'
import { listFlag, parseIds, regexFlag, topicArgs, topicFlag, topicNames } from '../../src/cli/flags.ts'
import { moveFlags, moveNeeded } from '../../src/cli/move-flags.ts'

const file = (summary: string, exclusive: string[] = []) =>
  Flags.string({ helpValue: 'FILE', summary, exclusive })

export default class PartitionsReassign extends BaseCommand {
  static override summary = 'Move partitions to other brokers, or change how many replicas they have'
  static override effect = ({ flags }: Typed) =>
    flags.execute === true || flags.cancel === true ? 'changes' : 'reads'
  static override description =
    "Shows what would be moved; --execute moves it. Without --plan the plan is kcli's own: it spreads the topics evenly over the brokers and their racks and moves as little as possible. Plans are those of kafka-reassign-partitions."
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> partitions reassign orders --brokers 1,2,3',
    '<%= config.bin %> partitions reassign orders --replication-factor 3 --execute --wait --throttle 10M',
    '<%= config.bin %> partitions reassign --plan plan.json --execute --rollback back.json',
    '<%= config.bin %> partitions reassign --drain 3 --execute --wait',
    '<%= config.bin %> partitions reassign --list',
    '<%= config.bin %> partitions reassign --cancel orders',
  ]
  static override args = topicArgs
  static override needs = [moveNeeded]
  static override flags = {
    ...topicFlag,
    regex: regexFlag,
    plan: file('What to move, as JSON; - for stdin.'),
    brokers: listFlag({ helpValue: '1,2,3', summary: 'Where the partitions may be (default: all brokers).' }),
    'replication-factor': Flags.integer({
      min: 1,
      max: 32_767,
      helpValue: 'N',
      summary: 'How many replicas each partition is to have.',
    }),
    ...moveFlags,
    save: file('Write the plan to a new file.', ['list', 'cancel']),
    rollback: file('Write the plan that leads back to a new file.', ['list', 'cancel']),
    list: Flags.boolean({ summary: 'Show what is being moved.', exclusive: ['cancel'] }),
    cancel: Flags.boolean({ summary: 'End what is being moved; the old replicas stay.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask before everything is cancelled.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(PartitionsReassign)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const names = topicNames(args, flags)
      const { execute, list, cancel, wait, plan: planFile, 'replication-factor': replicationFactor } = flags
      if (list || cancel || (wait && !execute)) {
        const { cancelMoves, listMoves, waitForAll } = await import(
          '../../src/cli/services/partitions/under-way.ts'
        )
        if (list) return listMoves(context, { names, planFile })
        if (cancel) return cancelMoves(context, { names, planFile, yes: flags.yes })
        return waitForAll(context, { names, planFile })
      }
      const { reassignPartitions } = await import('../../src/cli/services/partitions/reassign.ts')
      const { parseRate } = await import('../../src/cli/services/partitions/throttle.ts')
      const rateOf = (text: string | undefined) => (text === undefined ? undefined : parseRate(text))
      return reassignPartitions(context, {
        names,
        regex: flags.regex,
        planFile,
        brokers: flags.brokers === undefined ? undefined : parseIds(flags.brokers),
        replicationFactor,
        drained: flags.drain === undefined ? [] : parseIds(flags.drain),
        execute,
        bytesPerSecond: rateOf(flags.throttle),
        logDirsBytesPerSecond: rateOf(flags['log-dirs-throttle']),
        wait,
        saveFile: flags.save,
        rollbackFile: flags.rollback,
      })
    })
  }
}
