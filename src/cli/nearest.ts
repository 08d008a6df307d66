/** `Unknown command 'snd'. Did you mean 'send'?`, or the whole list where nothing is near. */
export function unknownWord(what: string, word: string, known: string[]): string {
  const meant = nearest(word, known)
  const hint = meant === null ? `Known: ${known.join(', ')}.` : `Did you mean '${meant}'?`
  return `Unknown ${what} '${word}'. ${hint}`
}

function nearest(word: string, known: string[]): string | null {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceOf(word, candidate) }))
    .toSorted((left, right) => left.distance - right.distance)
  const [best] = ranked
  // A third of the letters may be wrong.
  return best !== undefined && best.distance <= Math.max(1, word.length / 3) ? best.candidate : null
}

// Levenshtein: how many letters have to be added, removed or changed.
function distanceOf(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (const [index, letter] of Array.from(left).entries()) {
    const next = [index + 1]
    for (const [column, other] of Array.from(right).entries()) {
      const changed = (row[column] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(changed, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
