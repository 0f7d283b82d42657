/** Texts for people. The English text is the key of its translation, so that code reads as the page does. */
export type Translations = Readonly<Record<string, string>>

let translations: Translations = {}

/** Use translations from now on; what has none stays English. To be called before anything is rendered. */
export function speak(language: Translations): void {
  translations = language
}

/** A text as it is shown: translated, then with its {placeholders} filled, whose order a translation may change. */
export function t(english: string, values: Readonly<Record<string, string | number>> = {}): string {
  const text = translations[english] ?? english
  return text.replace(/\{(\w+)\}/g, (placeholder, name: string) => String(values[name] ?? placeholder))
}

/** A text about one thing or about several; {count} is filled too. */
export function counted(
  count: number,
  one: string,
  several: string,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return t(count === 1 ? one : several, { count, ...values })
}
