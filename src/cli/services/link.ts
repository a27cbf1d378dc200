import path from 'node:path'
import { makeLink } from '../../base/links.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { isKafkaTool } from '../resolve.ts'

export interface LinkOptions {
  readonly folder: string | undefined
  readonly force: boolean
  /** What the links lead to; it sees by which name it was called. */
  readonly program: string
  /** Of all commands. */
  readonly ids: readonly string[]
}

/** A link for each tool, with and without `.sh`. Gives exit code 1 when a name was taken. */
export async function linkTools(context: CommandContext, options: LinkOptions): Promise<number> {
  if (options.folder === undefined) throw new UsageError('no folder given', 'Write: kcli link FOLDER')
  const folder = path.resolve(options.folder)
  const names = options.ids.filter(isKafkaTool).flatMap((id) => [id, `${id}.sh`])
  const results = names.sort().map((name) => ({
    name,
    isLinked: makeLink(options.program, path.join(folder, name), options.force),
  }))
  const taken = results.filter(({ isLinked }) => !isLinked).map(({ name }) => name)
  await context.out.object(
    { folder, linked: results.filter(({ isLinked }) => isLinked).map(({ name }) => name), taken },
    () => `Linked ${results.length - taken.length} names in ${folder}.\n`,
    () => results.filter(({ isLinked }) => isLinked).map(({ name }) => path.join(folder, name)),
  )
  if (taken.length === 0) return EXIT.done
  context.out.warn(`${taken.join(', ')}: there is something else of this name; replace it with --force`)
  return EXIT.failed
}
