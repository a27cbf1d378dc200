/** Levenshtein's: how many insertions, deletions and replacements turn one text into the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The one that is nearest to what was typed, if it is near enough to have been meant. */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let best = Math.max(2, typed.length / 3)
  for (const name of names) {
    const distance = editDistance(typed, name)
    if (distance > best || (distance === best && nearest !== undefined)) continue
    best = distance
    nearest = name
  }
  return nearest
}
