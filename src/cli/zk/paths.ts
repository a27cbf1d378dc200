import { isZooKeeperError, type NetworkClient } from '../../zookeeper/index.ts'
import { pathProblemText, ZkUsageError } from './errors.ts'

/** Throws as zkCli does for what is no path. */
export function checkPath(path: string): string {
  const problem = pathProblemText(path)
  if (problem !== undefined) throw new ZkUsageError(problem)
  return path
}

export function childOf(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`
}

/** A node's children, sorted; none when it has gone in the meantime. */
export async function childrenOf(client: NetworkClient, path: string): Promise<string[]> {
  try {
    return (await client.getChildren(path)).children.sort()
  } catch (error) {
    if (isZooKeeperError(error, 'NONODE')) return []
    throw error
  }
}

/** All below and the node itself, parents first; at each level all siblings, then what is below them (ZKUtil). */
export async function* subtree(client: NetworkClient, path: string): AsyncGenerator<string> {
  yield path
  yield* below(client, path, (await client.getChildren(path)).children.sort())
}

async function* below(client: NetworkClient, path: string, names: readonly string[]): AsyncGenerator<string> {
  const paths = names.map((name) => childOf(path, name))
  yield* paths
  // All of one level at once: the answers come in the order of the questions.
  const children = await Promise.all(paths.map((each) => childrenOf(client, each)))
  for (const [index, each] of paths.entries()) yield* below(client, each, children[index] ?? [])
}
