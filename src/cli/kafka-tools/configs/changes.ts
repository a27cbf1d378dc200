import { JavaException } from '../../../base/java-exception.ts'
import { javaHash } from '../../../base/java-hash.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { javaHashOrder } from '../java-hash-order.ts'
import { illegalArgument, javaSplit } from '../java-lang.ts'
import type { Tool } from '../tool.ts'

/** What `--add-config`, `--add-config-file` and `--delete-config` say. */
export interface Changes {
  readonly added: ReadonlyMap<string, string>
  readonly deleted: readonly string[]
}

export async function changesOf(tool: Tool): Promise<Changes> {
  const added = await addedConfigs(tool)
  const deleted = tool.options.has('delete-config')
    ? tool.options.values('delete-config').map((name) => name.trim())
    : []
  return { added, deleted }
}

/** A comma or an equals sign that is not in square brackets. */
const OUTSIDE = '(?=[^\\]]*(?:\\[|$))'

async function addedConfigs(tool: Tool): Promise<Map<string, string>> {
  const { options } = tool
  const found = new Map<string, string>()
  const file = options.value('add-config-file')
  if (file !== undefined) for (const [name, value] of await propertiesOf(file)) found.set(name, value)
  if (options.has('add-config')) {
    const pairs = javaSplit(options.value('add-config') ?? '', new RegExp(`,${OUTSIDE}`)).map((pair) =>
      pair.split(new RegExp(`\\s*=\\s*${OUTSIDE}`)),
    )
    if (pairs.some(({ length }) => length !== 2)) {
      throw illegalArgument(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val".',
      )
    }
    for (const [name = '', value = ''] of pairs) found.set(name.trim(), value.replace(/[[\]]/g, '').trim())
  }
  const format = found.get('message.format.version')
  if (format !== undefined) {
    tool.line(
      `WARNING: The configuration message.format.version=${format} is specified. This configuration will be ignored if the version is newer than the inter.broker.protocol.version specified in the broker or if the inter.broker.protocol.version is 3.0 or newer. This configuration is deprecated and it will be removed in Apache Kafka 4.0.`,
    )
  }
  // In the order of java.util.Properties.
  const names = javaHashOrder([...found.keys()], javaHash)
  const odd = names.find((name) => !/^[a-zA-Z0-9._-]*$/.test(name))
  if (odd !== undefined) throw illegalArgument(`Invalid character found for config key: ${odd}`)
  return new Map(names.map((name) => [name, found.get(name) ?? '']))
}

async function propertiesOf(file: string): Promise<Map<string, string>> {
  if (!nodeFileSystem.existsSync(file)) throw new JavaException('java.nio.file.NoSuchFileException', file)
  const { readProperties } = await import('../../console/properties.ts')
  return readProperties(file, '--add-config-file')
}
