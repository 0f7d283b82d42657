/** Words that a detector looks for, as they are typed: phrases between commas. */

/** Each once, without the spaces around them. Pure. */
export function wordsIn(typed: string): readonly string[] {
  const words = new Map<string, string>()
  for (const phrase of typed.split(/[,\n]/)) {
    const word = phrase.trim().replace(/\s+/g, ' ')
    if (word && !words.has(word.toLowerCase())) words.set(word.toLowerCase(), word)
  }
  return [...words.values()]
}

/** Whether two lists name the same, in whatever order. Pure. */
export const areSameWords = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((word) => other.includes(word))

/** What a detector can be asked for: its classes, or what is typed for one that looks by a word. Pure. */
export const classesOf = (
  finder: { readonly classes: readonly string[]; readonly by_word: boolean },
  typed: string,
): readonly string[] => (finder.by_word ? wordsIn(typed) : finder.classes)
