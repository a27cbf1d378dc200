import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { importsOf, parse, roomOf, type Source, sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'commands')
const outsideBase = sources.filter((source) => roomOf(source.path) !== 'src/base')

/** Time, files, network and randomness come in through the ports in `src/base`. */
const BANNED_CALLS = new Set([
  'Date.now',
  'Math.random',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'performance.now',
])
const BANNED_MODULES = /^(node:)?(fs|fs\/promises|net|dgram|tls|timers|timers\/promises)$/

describe('banned outside src/base', () => {
  it('has no direct use of clock, timers or randomness', () => {
    expect(outsideBase.flatMap((source) => usesOf(source, BANNED_CALLS))).toEqual([])
  })

  it('does not import the file system or the network', () => {
    const wrong = outsideBase.flatMap((source) =>
      importsOf(source)
        .filter((i) => !i.isType && BANNED_MODULES.test(i.specifier))
        .map((i) => `${source.path} imports ${i.specifier}`),
    )
    expect(wrong).toEqual([])
  })

  it('ends the process only in src/cli', () => {
    const others = sources.filter((source) => roomOf(source.path) !== 'src/cli')
    expect(others.flatMap((source) => usesOf(source, new Set(['process.exit', 'process.abort'])))).toEqual([])
  })

  it('reads argv and standard streams only in src/cli', () => {
    const others = sources.filter((source) => !['src/cli', 'src/base'].includes(roomOf(source.path)))
    const names = new Set(['process.argv', 'process.stdin', 'process.stdout', 'process.stderr'])
    expect(others.flatMap((source) => usesOf(source, names))).toEqual([])
  })
})

/** Names and `a.b` accesses that stand for themselves; members of other objects (`clock.setTimer`) do not count. */
function usesOf(source: Source, names: ReadonlySet<string>): string[] {
  const file = parse(source)
  const found: string[] = []
  const visit = (node: ts.Node) => {
    const name = nameOf(node)
    if (name !== undefined && names.has(name)) {
      found.push(
        `${source.path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}: ${name}`,
      )
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return `${node.expression.text}.${node.name.text}`
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) return node.expression.text
  return undefined
}
