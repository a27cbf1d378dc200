/** Colours for what people read at a terminal. */
export interface Styles {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
}

const PLAIN: Styles = { bold: same, dim: same, good: same, bad: same }

/** Chalk is loaded only where its colours are seen. */
export async function loadStyles(color: boolean): Promise<Styles> {
  if (!color) return PLAIN
  const { Chalk } = await import('chalk')
  const chalk = new Chalk({ level: 1 })
  // Chalk joins all that it is given: each takes one text alone, so that it can be handed to `map`.
  return {
    bold: (text) => chalk.bold(text),
    dim: (text) => chalk.dim(text),
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
  }
}

function same(text: string): string {
  return text
}
