import { UsageError } from '../exit-codes.ts'

const SIMPLE: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '\\': '\\' }

/** Resolves `\n`, `\t`, `\r`, `\0`, `\\` and `\xNN` in what was typed on the command line. */
export function unescapeDelimiter(text: string, flag: string): Buffer {
  const bytes: Buffer[] = []
  const pattern = /\\x([0-9a-fA-F]{2})|\\(.)|\\$|[^\\]+/gs
  for (const match of text.matchAll(pattern)) {
    const [whole, hex, letter] = match
    if (hex !== undefined) bytes.push(Buffer.from(hex, 'hex'))
    else if (letter !== undefined) bytes.push(Buffer.from(simple(letter, flag)))
    else if (whole === '\\')
      throw new UsageError(`${flag} ends with a lone backslash`, 'Write \\\\ for a backslash.')
    else bytes.push(Buffer.from(whole))
  }
  return Buffer.concat(bytes)
}

function simple(letter: string, flag: string): string {
  const found = SIMPLE[letter]
  if (found === undefined) {
    throw new UsageError(
      `${flag} has the unknown escape \\${letter}`,
      'Known are \\n, \\t, \\r, \\0, \\\\ and \\xNN.',
    )
  }
  return found
}
