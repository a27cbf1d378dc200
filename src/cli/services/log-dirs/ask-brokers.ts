import type { LogDirDescription } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { wantedBrokers } from '../brokers/wanted.ts'

export interface AskedLogDirs {
  readonly logDirs: readonly LogDirDescription[]
  /** Failed when a broker did not answer; which one is said on stderr. */
  readonly exitCode: number
}

/** The log directories of these brokers, or of all; one that does not answer does not hide the others. */
export async function askForLogDirs(context: CommandContext, ids: readonly number[]): Promise<AskedLogDirs> {
  const { admin } = await context.target()
  const wanted = await wantedBrokers(admin, ids)
  let exitCode: number = EXIT.done
  const answers = await Promise.all(
    wanted.map(({ id }) =>
      admin.describeLogDirs([id]).catch((error: unknown) => {
        exitCode = EXIT.failed
        context.out.warn(`broker ${id} does not tell: ${error instanceof Error ? error.message : error}`)
        return []
      }),
    ),
  )
  return { logDirs: answers.flat(), exitCode }
}
