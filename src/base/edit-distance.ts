/** How many insertions, deletions, replacements and swaps of neighbours turn one text into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : replaced
      next[j] = Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1)
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}

/** How far a name may be from what was typed to have been meant: of a short word little may be wrong. */
function farthestMeant(typed: string): number {
  return typed.length < 4 ? 1 : Math.max(2, typed.length / 3)
}

/** The one that is nearest to what was typed, if it is near enough to have been meant. */
export function nearestName(typed: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined
  let best = farthestMeant(typed)
  for (const name of names) {
    const distance = editDistance(typed, name)
    if (distance > best || (distance === best && nearest !== undefined)) continue
    best = distance
    nearest = name
  }
  return nearest
}
