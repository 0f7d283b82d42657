/**
 * What attributes of tracks are on a frame, and how setting one changes them. A per-frame attribute is a list of steps
 * [frame, value], each of which holds until the next; null and no step at all mean the attribute's default. Pure.
 */
import type { TrackFields } from '@/protocol/generated'
import { stepsBefore, type Step } from '@/store/steps'
import type { Attribute, FrameNumber, Label, Track } from '@/store/types'

/** A value with where it comes from: set on this very frame, on an earlier one, for the whole track, or by nobody. */
export interface Held {
  readonly value: unknown
  readonly from: 'here' | 'earlier' | 'track' | 'default'
  /** Frame of the step that holds; null without one. */
  readonly since: FrameNumber | null
}

/** One attribute as several labels have it: tracks of all of them can be given a value together. */
export interface Field {
  readonly name: string
  readonly kind: Attribute['kind']
  readonly perFrame: boolean
  readonly choices: readonly string[]
  /** By label. */
  readonly attributes: ReadonlyMap<number, Attribute>
}

/** What several tracks have of a field. `held` is the first track's. */
export interface Shown {
  readonly held: Held
  readonly mixed: boolean
}

const keyOf = (attribute: Attribute) => String(attribute.id)

export function stepsOf(track: Track, attribute: Attribute): readonly Step[] {
  return track.frame_attributes[keyOf(attribute)] ?? []
}

export function heldAt(track: Track, attribute: Attribute, frame: FrameNumber): Held {
  const none: Held = { value: attribute.default, from: 'default', since: null }
  if (!attribute.per_frame) {
    const value = track.attributes[keyOf(attribute)]
    return value == null ? none : { value, from: 'track', since: null }
  }
  const step = stepsOf(track, attribute).findLast(([at]) => at <= frame)
  if (!step) return none
  const [since, value] = step
  return {
    value: value ?? attribute.default,
    from: since === frame ? 'here' : value == null ? 'default' : 'earlier',
    since,
  }
}

/** The attributes that all of these labels have, by name and kind, in the order of the first one. */
export function sharedFields(labels: readonly Label[]): Field[] {
  const [first, ...others] = labels
  return (first?.attributes ?? []).flatMap((attribute) => {
    const same = others.map((label) => label.attributes.find((each) => alike(each, attribute)))
    if (same.includes(undefined)) return []
    const all = [attribute, ...(same as Attribute[])]
    const attributes = new Map(labels.map((label, index) => [label.id, all[index]!]))
    const choices = attribute.choices.filter((choice) => all.every((each) => each.choices.includes(choice)))
    return [{ name: attribute.name, kind: attribute.kind, perFrame: attribute.per_frame, choices, attributes }]
  })
}

const alike = (a: Attribute, b: Attribute) => a.name === b.name && a.kind === b.kind && a.per_frame === b.per_frame

export function shownOf(field: Field, tracks: readonly Track[], frame: FrameNumber): Shown {
  const [held, ...others] = tracks.map((track) => heldAt(track, field.attributes.get(track.label)!, frame))
  const mixed = others.some((other) => !sameValue(other.value, held!.value))
  return { held: held!, mixed }
}

export function sameValue(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return (a ?? null) === (b ?? null)
  return a.length === b.length && a.every((value) => b.includes(value))
}

// ------------------------------------------------------------------ changes

/** The fields of a track with a value: for the whole of it, or from `frame` until the next step. Null: the default again. */
export function withValue(track: Track, attribute: Attribute, frame: FrameNumber, value: unknown): TrackFields {
  if (attribute.per_frame) return withSteps(track, attribute, put(stepsOf(track, attribute), frame, value))
  const rest = without(track.attributes, attribute)
  return { attributes: value === null ? rest : { ...rest, [keyOf(attribute)]: value } }
}

/** A value on first..last only: what held beyond holds there still. `end`: the video's last frame. */
export function withValueIn(
  track: Track,
  attribute: Attribute,
  first: FrameNumber,
  last: FrameNumber,
  value: unknown,
  end: FrameNumber,
): TrackFields {
  const steps = stepsOf(track, attribute)
  const beyond = steps.findLast(([at]) => at <= last + 1)?.[1] ?? null
  const kept = put(
    steps.filter(([at]) => at < first || at > last),
    first,
    value,
  )
  return withSteps(track, attribute, last < end ? put(kept, last + 1, beyond) : kept)
}

/** The step on this frame goes: what held before holds on. */
export function withoutStep(track: Track, attribute: Attribute, frame: FrameNumber): TrackFields {
  return withSteps(
    track,
    attribute,
    stepsOf(track, attribute).filter(([at]) => at !== frame),
  )
}

/** The steps of this frame and all after it go. */
export function withoutStepsFrom(track: Track, attribute: Attribute, frame: FrameNumber): TrackFields {
  return withSteps(track, attribute, stepsBefore(stepsOf(track, attribute), frame))
}

/** The frames nearest to `frame`, on both sides, on which a field changes. */
export function stepsAround(
  field: Field,
  tracks: readonly Track[],
  frame: FrameNumber,
): { before: FrameNumber | null; after: FrameNumber | null } {
  const frames = tracks
    .flatMap((track) => stepsOf(track, field.attributes.get(track.label)!).map(([at]) => at))
    .sort((a, b) => a - b)
  return { before: frames.findLast((at) => at < frame) ?? null, after: frames.find((at) => at > frame) ?? null }
}

/** A track's fields with another label. Values that the new label's attribute of the same name can have go along. */
export function relabelled(track: Track, from: Label | null, to: Label): TrackFields {
  const constant: Record<string, unknown> = {}
  const perFrame: Record<string, readonly Step[]> = {}
  for (const attribute of to.attributes) {
    const former = from?.attributes.find((each) => alike(each, attribute))
    if (!former) continue
    const value = track.attributes[keyOf(former)]
    if (value != null && fits(attribute, value)) constant[keyOf(attribute)] = value
    const steps = stepsOf(track, former).filter(([, each]) => each === null || fits(attribute, each))
    if (steps.length) perFrame[keyOf(attribute)] = steps
  }
  return {
    label: to.id,
    ...(Object.keys(constant).length ? { attributes: { ...track.attributes, ...constant } } : {}),
    ...(Object.keys(perFrame).length ? { frame_attributes: { ...track.frame_attributes, ...perFrame } } : {}),
  }
}

const fits = ({ choices }: Attribute, value: unknown) =>
  !choices.length || [value].flat().every((choice) => choices.includes(choice as string))

function put(steps: readonly Step[], frame: FrameNumber, value: unknown): Step[] {
  const others = steps.filter(([at]) => at !== frame)
  return [...others, [frame, value] as const].sort(([a], [b]) => a - b)
}

function withSteps(track: Track, attribute: Attribute, steps: readonly Step[]): TrackFields {
  const rest = without(track.frame_attributes, attribute)
  return { frame_attributes: steps.length ? { ...rest, [keyOf(attribute)]: steps } : rest }
}

function without<Value>(values: Readonly<Record<string, Value>>, attribute: Attribute): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== keyOf(attribute)))
}

// ------------------------------------------------------------------ entry

/** What a digit (1 is the first choice) makes of a value; undefined when it stands for nothing here. */
export function valueByDigit(field: Field, value: unknown, digit: number): unknown {
  if (field.kind === 'checkbox') return digit === 1 ? true : digit === 0 ? false : undefined
  const choice = field.choices[digit - 1]
  if (choice === undefined) return undefined
  if (field.kind === 'select') return choice
  return field.kind === 'multi_select' ? toggled(value, choice, field.choices) : undefined
}

/** A multi-select with one choice more or less, in the order of the choices. */
export function toggled(value: unknown, choice: string, choices: readonly string[]): string[] {
  const chosen = Array.isArray(value) ? (value as string[]) : []
  const next = chosen.includes(choice) ? chosen.filter((each) => each !== choice) : [...chosen, choice]
  return choices.filter((each) => next.includes(each))
}

/** A value in words; empty: none. */
export function valueText(value: unknown): string {
  if (value == null) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' ? value : (value as string[]).join(', ')
}
