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
  return { bold: chalk.bold, dim: chalk.dim, good: chalk.green, bad: chalk.red }
}

function same(text: string): string {
  return text
}
