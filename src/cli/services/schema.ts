import { nearestName } from '../../base/edit-distance.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { fileNameOf, SCHEMA_IDS, schemaOf } from '../schemas/index.ts'

const nameOf = (id: string) => id.replaceAll(':', ' ')

/** The schema of one command's data, or what there are. */
export async function showSchema(context: CommandContext, words: readonly string[]): Promise<number> {
  if (words.length === 0) {
    await context.out.view({
      rows: SCHEMA_IDS,
      columns: [
        { header: 'COMMAND', value: nameOf },
        { header: 'FILE', value: fileOf },
      ],
      data: (id) => ({ command: nameOf(id), file: fileOf(id) }),
      name: nameOf,
    })
    return EXIT.done
  }
  const name = words.join(' ').replaceAll(':', ' ')
  const schema = schemaOf(words.join(':').replaceAll(' ', ':'))
  if (schema === undefined) {
    const nearest = nearestName(name, SCHEMA_IDS.map(nameOf))
    throw new UsageError(
      `'${name}' is no command that writes data`,
      nearest === undefined
        ? 'See which there are with: kcli schema'
        : `Did you mean: kcli schema ${nearest}`,
    )
  }
  await context.out.write(`${JSON.stringify(schema, null, 2)}\n`)
  return EXIT.done
}

/** Of the package. */
function fileOf(id: string): string {
  return `docs/schemas/${fileNameOf(id)}.json`
}
