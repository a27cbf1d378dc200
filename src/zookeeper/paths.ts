import { ZooKeeperError } from './errors.ts'

/** Nodes that are always there and cannot be deleted. */
export const SPECIAL_PATHS: readonly string[] = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']

/** Characters that no path may have: controls, surrogates and the private area, the last 16 (PathUtils). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/

/** Why the path is not one (org.apache.zookeeper.common.PathUtils), or undefined when it is. */
export function pathProblem(path: string): string | undefined {
  if (path.length === 0) return 'is empty'
  if (!path.startsWith('/')) return 'must start with /'
  if (path.length === 1) return undefined
  if (path.endsWith('/')) return 'must not end with /'
  if (path.includes('//')) return 'has an empty name in it'
  if (/\/\.\.?(\/|$)/.test(path)) return 'must not be relative'
  if (FORBIDDEN.test(path)) return 'has a forbidden character in it'
  return undefined
}

/** BADARGUMENTS when the path is none. For a sequential node the name may be empty: the digits follow. */
export function validatePath(path: string, isSequential = false): void {
  const problem = pathProblem(isSequential ? `${path}1` : path)
  if (problem !== undefined) {
    throw new ZooKeeperError('BADARGUMENTS', path, { message: `path ${JSON.stringify(path)} ${problem}` })
  }
}

/** `/` for the nodes below the root, and for the root. */
export function parentPath(path: string): string {
  const lastSlash = path.lastIndexOf('/')
  return lastSlash <= 0 ? '/' : path.slice(0, lastSlash)
}

export function nodeName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`
}

/** The path itself, then all those above it, ending with the root. */
export function* pathAndParents(path: string): Generator<string> {
  let at = path
  for (;;) {
    yield at
    if (at === '/') return
    at = parentPath(at)
  }
}

/** `%010d` of Java: at least ten places, a sign among them. */
export function sequentialPath(path: string, parentCversion: number): string {
  const digits = String(Math.abs(parentCversion))
  return parentCversion < 0 ? `${path}-${digits.padStart(9, '0')}` : path + digits.padStart(10, '0')
}
