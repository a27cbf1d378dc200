import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { parse, type Source, sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'commands')
/** Message schemas are data, as long as the protocol makes them. */
const code = sources.filter((source) => !source.path.startsWith('src/protocol/messages/'))

function tooLong(files: Source[], limit: number): string[] {
  return files
    .filter((source) => source.lines > limit)
    .map((source) => `${source.path}: ${source.lines} lines`)
}

describe('sizes', () => {
  it('keeps files within 600 lines', () => {
    expect(tooLong(code, 600)).toEqual([])
  })

  it('keeps commands within 80 lines', () => {
    const commands = code.filter((source) => source.path.startsWith('commands/'))
    expect(tooLong(commands, 80)).toEqual([])
  })

  it('keeps API handlers within 200 lines', () => {
    const handlers = code.filter((source) => /^src\/broker\/api\/\d\d-/.test(source.path))
    expect(
      tooLong(
        handlers.filter((source) => !source.path.endsWith('01-fetch.ts')),
        200,
      ),
    ).toEqual([])
  })

  it('keeps functions within 70 lines', () => {
    expect(code.flatMap(longFunctions)).toEqual([])
  })
})

function longFunctions(source: Source): string[] {
  const file = parse(source)
  const found: string[] = []
  const visit = (node: ts.Node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const from = file.getLineAndCharacterOfPosition(node.getStart(file)).line
      const lines = file.getLineAndCharacterOfPosition(node.getEnd()).line - from + 1
      if (lines > 70) found.push(`${source.path}:${from + 1}: ${lines} lines`)
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}
