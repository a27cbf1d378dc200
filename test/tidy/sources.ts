import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Source {
  /** Relative to the package, with forward slashes: `src/base/clock.ts`. */
  readonly path: string
  readonly text: string
  readonly lines: number
}

/** All TypeScript files below the folders. */
export function sourcesIn(...folders: string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .map((file) => path.posix.join(folder, String(file).split(path.sep).join('/')))
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map((file) => {
        const text = readFileSync(path.join(root, file), 'utf8')
        return { path: file, text, lines: text.split('\n').length - 1 }
      }),
  )
}

export function parse(source: Source): ts.SourceFile {
  return ts.createSourceFile(source.path, source.text, ts.ScriptTarget.ES2023, true)
}

export interface Import {
  readonly specifier: string
  /** For relative imports: the file that is meant, as a path like {@link Source.path}. */
  readonly file: string | undefined
  /** Types only: nothing is loaded. */
  readonly isType: boolean
}

/** Static and dynamic imports and re-exports. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = []
  const add = (specifier: string, isType: boolean) => {
    const isRelative = specifier.startsWith('.')
    const file = isRelative ? path.posix.join(path.posix.dirname(source.path), specifier) : undefined
    found.push({ specifier, file, isType })
  }
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, isTypeImport(node))
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      add(node.moduleSpecifier.text, node.isTypeOnly)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      if (argument && ts.isStringLiteral(argument)) add(argument.text, false)
    }
    ts.forEachChild(node, visit)
  }
  visit(parse(source))
  return found
}

function isTypeImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause
  if (clause === undefined) return false
  if (clause.isTypeOnly) return true
  const bindings = clause.namedBindings
  return (
    clause.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.length > 0 &&
    bindings.elements.every((element) => element.isTypeOnly)
  )
}

/** `src/base/clock.ts` → `src/base`; commands and the library's entry are rooms of their own. */
export function roomOf(file: string): string {
  const [top, room] = file.split('/')
  if (top !== 'src') return top ?? ''
  return room?.endsWith('.ts') ? 'src' : `src/${room}`
}
