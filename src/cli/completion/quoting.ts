/** The words of the command that the cursor is in; the last one is being typed. */
export interface TypedWords {
  readonly words: readonly string[]
  /** Where the last word begins. */
  readonly from: number
  /** The quote that is open at the end. */
  readonly quote: string
}

/** Undefined where nothing of ours is typed: in a pipe, behind `>`, in a comment. */
export function typedWords(text: string): TypedWords | undefined {
  let words: string[] = []
  let word = ''
  let from = 0
  let quote = ''
  let isInWord = false
  let isForeign = false
  const endWord = (next: number) => {
    if (isInWord) words.push(word)
    word = ''
    isInWord = false
    from = next
  }
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? ''
    if (quote !== '') {
      if (char === quote) quote = ''
      else word += char
    } else if (char === "'" || char === '"') {
      quote = char
      if (!isInWord) from = i
      isInWord = true
    } else if (char === '\\') {
      if (!isInWord) from = i
      isInWord = true
      word += text[++i] ?? ''
    } else if (char === ';' || char === '\n' || (char === '&' && text[i + 1] === '&')) {
      if (char === '&') i++
      words = []
      word = ''
      isInWord = false
      isForeign = false
      from = i + 1
    } else if (char === '|' || char === '>' || char === '<' || (char === '#' && !isInWord)) isForeign = true
    else if (/\s/.test(char)) endWord(i + 1)
    else {
      if (!isInWord) from = i
      isInWord = true
      word += char
    }
  }
  return isForeign ? undefined : { words: [...words, word], from, quote }
}
