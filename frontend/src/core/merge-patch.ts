type Values = Readonly<Record<string, unknown>>

/** What makes `after` of `before` as a JSON merge patch (RFC 7386): changed keys, and null for those that went; null: nothing. */
export function mergePatch(before: Values, after: Values): Values | null {
  const patch: Record<string, unknown> = {}
  for (const key of Object.keys(before)) if (after[key] === undefined) patch[key] = null
  for (const [key, value] of Object.entries(after)) {
    const old = before[key]
    if (isValues(value) && isValues(old)) {
      const inner = mergePatch(old, value)
      if (inner) patch[key] = inner
    } else if (value !== undefined && JSON.stringify(value) !== JSON.stringify(old)) patch[key] = value
  }
  return Object.keys(patch).length ? patch : null
}

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
