/** What preferences are made of: each knows what it is at first, and what to make of whatever was stored. Pure. */

/** One thing that is kept per person. */
export interface Field<Value> {
  readonly initial: Value
  /** What was stored, made to fit; undefined where it can't be: it may be of another version, or somebody's own writing. */
  readonly parse: (stored: unknown) => Value | undefined
  /** The same, else as it is at first. */
  readonly read: (stored: unknown) => Value
}

export type Setting = string | number | boolean
export type Settings = Readonly<Record<string, Setting>>
export type Fields = Readonly<Record<string, Field<unknown>>>
export type ValueOf<Kept> = Kept extends Field<infer Value> ? Value : never
export type ValuesOf<Kept extends Fields> = { readonly [Name in keyof Kept]: ValueOf<Kept[Name]> }

function field<Value>(initial: Value, parse: Field<Value>['parse']): Field<Value> {
  return { initial, parse, read: (stored) => parse(stored) ?? initial }
}

export function flag(initial: boolean): Field<boolean> {
  return field(initial, (stored) => (typeof stored === 'boolean' ? stored : undefined))
}

/** A number within bounds, both included; what is stored beyond them becomes the nearer one. */
export function number(initial: number, least: number, most: number): Field<number> {
  return field(initial, (stored) =>
    typeof stored === 'number' && Number.isFinite(stored) ? Math.min(Math.max(stored, least), most) : undefined,
  )
}

/** The same without a fraction. */
export function count(initial: number, least: number, most: number): Field<number> {
  const { parse } = number(initial, least, most)
  return field(initial, (stored) => {
    const found = parse(stored)
    return found === undefined ? undefined : Math.round(found)
  })
}

export function text(initial: string): Field<string> {
  return field(initial, (stored) => (typeof stored === 'string' ? stored : undefined))
}

/** Nothing at first. The server removes a preference that becomes null, and so it is read back as nothing. */
export function maybe<Value>({ parse }: Field<Value>): Field<Value | null> {
  return field<Value | null>(null, parse)
}

export function oneOf<const Value extends string>(all: readonly Value[], initial: NoInfer<Value>): Field<Value> {
  return field<Value>(initial, (stored) => all.find((each) => each === stored))
}

/** Some of these, in this order. */
export function someOf<const Value extends string>(
  all: readonly Value[],
  initial: readonly NoInfer<Value>[],
): Field<readonly Value[]> {
  return field<readonly Value[]>(initial, (stored) =>
    Array.isArray(stored) ? all.filter((each) => stored.includes(each)) : undefined,
  )
}

/** Any texts; none at first. */
export function texts(): Field<readonly string[]> {
  return field<readonly string[]>([], (stored) => (isTexts(stored) ? stored : undefined))
}

/** Lists of texts by name; none at first. What is no list of texts is left out. */
export function textsByName(): Field<Readonly<Record<string, readonly string[]>>> {
  return field({}, (stored) =>
    Object.fromEntries(
      Object.entries(byName(stored)).filter((entry): entry is [string, string[]] => isTexts(entry[1])),
    ),
  )
}

/** Settings by name, of several things by theirs; none at first. What is no number, text or switch is left out. */
export function settingsByName(): Field<Readonly<Record<string, Settings>>> {
  return field({}, (stored) =>
    Object.fromEntries(
      Object.entries(byName(stored)).map(([of, settings]) => [
        of,
        Object.fromEntries(
          Object.entries(byName(settings)).filter((entry): entry is [string, Setting] => isSetting(entry[1])),
        ),
      ]),
    ),
  )
}

/** Several that change together. */
export function record<Kept extends Fields>(fields: Kept): Field<ValuesOf<Kept>> {
  const parse = (stored: unknown) => {
    const found = byName(stored)
    return Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, field.read(found[name])]),
    ) as ValuesOf<Kept>
  }
  return field(parse({}), parse)
}

/** What was stored, by name; empty where it is nothing of the kind. */
export const byName = (stored: unknown): Readonly<Record<string, unknown>> =>
  typeof stored === 'object' && stored !== null && !Array.isArray(stored) ? (stored as Record<string, unknown>) : {}

const isSetting = (stored: unknown): stored is Setting =>
  typeof stored === 'string' || typeof stored === 'boolean' || (typeof stored === 'number' && Number.isFinite(stored))

const isTexts = (stored: unknown): stored is string[] =>
  Array.isArray(stored) && stored.every((each) => typeof each === 'string')
