interface Line {
  mark: ' ' | '-' | '+'
  text: string
}

// Lines around a change that say where it is.
const CONTEXT = 3

/** How one text becomes another, as a unified diff without the lines that name the files. Empty where they are equal. */
export function diffLines(before: string, after: string): string[] {
  const lines = compare(before.split('\n'), after.split('\n'))
  const shown = lines.map((_, index) =>
    lines.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(({ mark }) => mark !== ' '),
  )
  return lines.flatMap(({ mark, text }, index) => {
    if (shown[index] !== true) return []
    const line = mark + text
    return shown[index - 1] === true ? [line] : [header(lines, { shown, from: index }), line]
  })
}

function header(lines: Line[], { shown, from }: { shown: boolean[]; from: number }): string {
  const end = shown.indexOf(false, from)
  const hunk = lines.slice(from, end === -1 ? lines.length : end)
  const above = lines.slice(0, from)
  const range = (other: Line['mark']): string => {
    const length = hunk.filter(({ mark }) => mark !== other).length
    const start = above.filter(({ mark }) => mark !== other).length + (length === 0 ? 0 : 1)
    return `${start},${length}`
  }
  return `@@ -${range('+')} +${range('-')} @@`
}

/** The longest common subsequence; what is equal at both ends is left out of the search. */
function compare(before: string[], after: string[]): Line[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start += 1
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1
  return [
    ...before.slice(0, start).map(keep),
    ...search(before.slice(start, before.length - end), after.slice(start, after.length - end)),
    ...before.slice(before.length - end).map(keep),
  ]
}

const keep = (text: string): Line => ({ mark: ' ', text })

function search(before: string[], after: string[]): Line[] {
  const width = after.length + 1
  // How many lines the rests have in common, from each pair of lines on.
  const common = new Uint32Array((before.length + 1) * width)
  const at = (row: number, column: number): number => common[row * width + column] ?? 0
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1))
    }
  }

  const lines: Line[] = []
  let row = 0
  let column = 0
  while (row < before.length || column < after.length) {
    const [old, young] = [before[row], after[column]]
    if (old !== undefined && old === young) {
      lines.push({ mark: ' ', text: old })
      row += 1
      column += 1
    } else if (
      old !== undefined &&
      (young === undefined || at(row + 1, column) >= at(row, column + 1))
    ) {
      lines.push({ mark: '-', text: old })
      row += 1
    } else {
      lines.push({ mark: '+', text: young ?? '' })
      column += 1
    }
  }
  return lines
}
