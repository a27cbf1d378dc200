import path from 'node:path'
import type { FileSystem } from '../base/file-system.ts'

/** How deep `**` goes: a log file lies three folders below a data directory, and a loop of links must end. */
const MAX_DEPTH = 16

export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text)
}

/** `a{b,c}d` gives `abd` and `acd`. */
function expandBraces(pattern: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern)
  if (match === null) return [pattern]
  const [, before = '', list = '', after = ''] = match
  return list.split(',').flatMap((word) => expandBraces(`${before}${word}${after}`))
}

/** One name between two slashes, as a regular expression for the whole of it: `*`, `?` and `[abc]`. */
export function nameMatcher(pattern: string): (name: string) => boolean {
  const alternatives = expandBraces(pattern).map((one) => {
    const source = one.replace(/\[(!?)([^\]]+)\]|[\\^$+?.()|{}*[\]]/g, (text, not, set) => {
      if (text === '*') return '[^/]*'
      if (text === '?') return '[^/]'
      if (set === undefined) return `\\${text}`
      return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`
    })
    return new RegExp(`^${source}$`, 's')
  })
  return (name) => alternatives.some((one) => one.test(name))
}

/**
 * The paths that a shell would put in place of `pattern`, for where there is no shell to do it: `*`, `?`, `[…]`, `{a,b}`
 * and `**`. Sorted. Names that begin with a dot need a dot in the pattern.
 */
export function expandGlob(fs: FileSystem, pattern: string): string[] {
  const found = new Set<string>()
  for (const one of expandBraces(pattern)) {
    const parts = one.split('/').filter((part, i) => part !== '' || i === 0)
    const isAbsolute = parts[0] === ''
    for (const match of walk(fs, isAbsolute ? '/' : '', isAbsolute ? parts.slice(1) : parts, 0))
      found.add(match)
  }
  return [...found].sort()
}

function walk(fs: FileSystem, base: string, parts: readonly string[], depth: number): string[] {
  const [part, ...rest] = parts
  if (part === undefined) return base === '' ? [] : [base]
  if (part === '**') {
    const here = walk(fs, base, rest, depth)
    if (depth >= MAX_DEPTH) return here
    const below = directoriesIn(fs, base).flatMap((name) => walk(fs, path.join(base, name), parts, depth + 1))
    return [...here, ...below]
  }
  if (!isGlob(part)) {
    // Not `join`, which would take `link/..` for nothing.
    const next = base === '' ? part : `${base === '/' ? '' : base}/${part}`
    return fs.existsSync(next) ? walk(fs, next, rest, depth) : []
  }
  const matches = nameMatcher(part)
  return namesIn(fs, base)
    .filter((name) => (!name.startsWith('.') || part.startsWith('.')) && matches(name))
    .flatMap((name) => walk(fs, path.join(base, name), rest, depth))
}

function namesIn(fs: FileSystem, directory: string): string[] {
  const target = directory === '' ? '.' : directory
  return fs.statSync(target)?.isDirectory === true ? fs.readdirSync(target) : []
}

function directoriesIn(fs: FileSystem, directory: string): string[] {
  return namesIn(fs, directory).filter(
    (name) => !name.startsWith('.') && fs.statSync(path.join(directory, name))?.isDirectory === true,
  )
}
