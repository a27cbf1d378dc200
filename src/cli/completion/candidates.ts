/** One word that could stand where the cursor is. */
export interface Candidate {
  /** What comes in place of the text from `Completion.from` to the cursor. */
  readonly text: string
  /** Shown in the list, when it differs. */
  readonly label?: string
  readonly note?: string
  /** Nothing follows it directly: a folder, `--flag=`. */
  readonly isOpen?: boolean
}

/** What the user's own shell knows better: files, folders, the words of another program that begins at a word. */
export type Elsewhere = 'files' | 'directories' | { readonly programAt: number }

/** What could stand in place of a word, whatever of it is typed. */
export interface Found {
  readonly candidates: readonly Candidate[]
  readonly elsewhere?: Elsewhere
}

export const NOTHING: Found = { candidates: [] }

export function found(candidates: readonly Candidate[]): Found {
  return { candidates }
}

export function plain(texts: readonly string[]): Candidate[] {
  return texts.map((text) => ({ text }))
}

/** Groups and files may be called anything, and what is offered is drawn on a terminal. */
export function isDrawable({ text }: Candidate): boolean {
  return !/\p{Cc}/u.test(text)
}
