/** The labels as they are being edited. Pure: every change makes a new list. */
import type { AttributeDraft, AttributeKind, LabelDraft, LabelOut, LabelsIn, ProblemOut } from '@/protocol/generated'

export type Attribute = Required<AttributeDraft>

export interface Label extends Required<LabelDraft> {
  readonly attributes: readonly Attribute[]
}

export interface Draft extends Required<LabelsIn> {
  readonly labels: readonly Label[]
}

/** The names of labels that somebody else added, changed or deleted between when `sent` was begun and `saved`. */
export function othersChanges({ labels, removed, seen }: Draft, saved: readonly LabelOut[]): string[] {
  const sent = new Map(labels.flatMap((label) => (label.id === null ? [] : [[label.id, label]])))
  const before = new Map(seen.map((label) => [label.id, label]))
  const own = new Set(labels.flatMap(({ id, name }) => (id === null ? [name.trim()] : [])))
  const changed = saved.filter((label) => {
    const had = before.get(label.id)
    if (!had) return !own.has(label.name)
    return isSame(had, sent.get(label.id)) && !isSame(had, label)
  })
  const left = new Set<number | null | undefined>([...saved.map(({ id }) => id), ...removed])
  const deleted = seen.filter(({ id }) => !left.has(id))
  return [...changed, ...deleted].map(({ name }) => name)
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** The first colour of the palette that no label has; when all are taken, the one after the last label's. */
export function nextColour(labels: readonly Label[], palette: readonly string[]): string {
  const taken = new Set(labels.map(({ colour }) => colour.toLowerCase()))
  return palette.find((colour) => !taken.has(colour)) ?? palette[labels.length % palette.length] ?? '#808080'
}

const DIGITS = Array.from({ length: 9 }, (_, index) => String(index + 1))

/** The first digit that is no label's hotkey, or none. */
export function nextHotkey(labels: readonly Label[]): string {
  const taken = new Set(labels.map(({ hotkey }) => hotkey))
  return DIGITS.find((digit) => !taken.has(digit)) ?? ''
}

export function addLabel(draft: Draft, palette: readonly string[]): Draft {
  const { labels } = draft
  const label: Label = {
    id: null,
    name: '',
    colour: nextColour(labels, palette),
    hotkey: nextHotkey(labels),
    geometry_kinds: ['box'],
    attributes: [],
    skeleton: null,
  }
  return { ...draft, labels: [...labels, label] }
}

export function changeLabel(draft: Draft, index: number, change: Partial<Label>): Draft {
  return { ...draft, labels: replaced(draft.labels, index, change) }
}

export function removeLabel(draft: Draft, index: number): Draft {
  const id = draft.labels[index]?.id
  return {
    ...draft,
    labels: draft.labels.filter((_, at) => at !== index),
    removed: id == null ? draft.removed : [...draft.removed, id],
  }
}

/** Move a label by one place up (-1) or down (1). */
export function moveLabel(draft: Draft, index: number, by: -1 | 1): Draft {
  const labels = [...draft.labels]
  const moved = labels[index]
  const other = labels[index + by]
  if (!moved || !other) return draft
  labels[index] = other
  labels[index + by] = moved
  return { ...draft, labels }
}

export function addAttribute(draft: Draft, index: number): Draft {
  const attribute: Attribute = { id: null, name: '', kind: 'select', per_frame: false, choices: [], default: null }
  return changeLabel(draft, index, { attributes: [...(draft.labels[index]?.attributes ?? []), attribute] })
}

/** What it begins with goes when the kind changes: it would not fit. */
export function changeAttribute(draft: Draft, index: number, number: number, change: Partial<Attribute>): Draft {
  const fresh = change.kind && change.kind !== draft.labels[index]?.attributes[number]?.kind ? { default: null } : {}
  return changeLabel(draft, index, {
    attributes: replaced(draft.labels[index]?.attributes ?? [], number, { ...change, ...fresh }),
  })
}

export function removeAttribute(draft: Draft, index: number, number: number): Draft {
  const attributes = draft.labels[index]?.attributes ?? []
  const id = attributes[number]?.id
  const next = changeLabel(draft, index, { attributes: attributes.filter((_, at) => at !== number) })
  return id == null ? next : { ...next, removed_attributes: [...next.removed_attributes, id] }
}

/** What is wrong at one place, in words; empty when nothing is. */
export function problemAt(problems: readonly ProblemOut[], ...path: readonly (string | number)[]): string {
  const key = path.join('/')
  return problems
    .filter((problem) => problem.path.join('/') === key)
    .map(({ message }) => message)
    .join(' ')
}

/** What is wrong where no field is: with removals, and with labels that somebody else made meanwhile. */
export function otherProblems(problems: readonly ProblemOut[], labels: readonly Label[]): string[] {
  return problems
    .filter(({ path: [head = ''] }) => !/^\d+$/.test(head) || Number(head) >= labels.length)
    .map(({ message }) => message)
}

/** Text of the field for a default → the value that is sent. */
export function defaultFrom(kind: AttributeKind, text: string): unknown {
  if (text === '') return null
  if (kind === 'checkbox') return text === 'on'
  if (kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text
  return text
}

/** The value of a default → the text of its field. */
export function defaultText(kind: AttributeKind, value: unknown): string {
  if (value === null || value === undefined) return ''
  if (kind === 'checkbox') return value === true ? 'on' : 'off'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function replaced<T>(list: readonly T[], index: number, change: Partial<T>): T[] {
  return list.map((each, at) => (at === index ? { ...each, ...change } : each))
}
