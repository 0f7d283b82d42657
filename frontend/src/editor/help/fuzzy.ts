export interface Match {
  readonly score: number
  /** Where in the text the letters of the query are. */
  readonly places: readonly number[]
}

const LETTER = 1
/** The letter begins a word. */
const WORD = 6
/** The letter follows the one matched before it. */
const RUN = 8
/** The text begins with it. */
const START = 3

/** The best way to find all letters of `query` in `text`, in order; null: they aren't there. Both in lower case, spaces ignored. */
export function bestMatch(query: string, text: string): Match | null {
  const letters = query.replace(/\s+/g, '')
  /** For the letters so far: the best score when the last of them lies at each place of the text, and the place before it. */
  let scores: number[] = []
  const before: number[][] = []
  for (const [index, letter] of letters.split('').entries()) {
    const next: number[] = []
    const from: number[] = []
    let best = -Infinity
    let bestAt = -1
    for (let place = 0; place < text.length; place++) {
      const run = index && place ? scores[place - 1]! + RUN : -Infinity
      if (index && place > 1 && scores[place - 2]! > best) [best, bestAt] = [scores[place - 2]!, place - 2]
      const previous = index ? Math.max(run, best) : 0
      next.push(text[place] === letter ? previous + worth(text, place) : -Infinity)
      from.push(run >= best ? place - 1 : bestAt)
    }
    scores = next
    before.push(from)
  }
  const score = Math.max(...scores, -Infinity)
  if (!letters || score === -Infinity) return null
  return { score: score - text.length / 100, places: placesOf(scores.indexOf(score), before) }
}

function worth(text: string, place: number): number {
  if (place === 0) return LETTER + WORD + START
  return /[\s\-:(]/.test(text[place - 1]!) ? LETTER + WORD : LETTER
}

function placesOf(last: number, before: readonly (readonly number[])[]): number[] {
  const places = [last]
  for (let index = before.length - 1; index > 0; index--) places.unshift(before[index]![places[0]!]!)
  return places
}
