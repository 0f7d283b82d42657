/** Which model follows what. Pure. */
import { t } from '@/core/text'
import type { EditorConfig, ShownShape } from '@/store/types'

export type Model = EditorConfig['models'][number]

/** Kinds of geometry that are followed alike; people choose a model for each. */
export type Family = 'box' | 'points' | 'mask'
export const FAMILIES: readonly Family[] = ['box', 'points', 'mask']

export function familyOf(kind: string): Family {
  return kind === 'box' || kind === 'mask' ? kind : 'points'
}

const ENCLOSING: readonly string[] = ['box', 'rotated_box', 'polygon']

/** The family that a shape is followed in: where it encloses an object, and those are followed as masks, by that. */
export function followedIn(kind: string, asMask: boolean): Family {
  return asMask && ENCLOSING.includes(kind) ? 'mask' : familyOf(kind)
}

/** The models that follow anything of a family. */
export function modelsFor(models: readonly Model[], family: Family): Model[] {
  return models.filter(({ prompts }) => prompts.some((kind) => familyOf(kind) === family))
}

/** A model as a list of models names it: with what its licence forbids, and what it lacks. */
export function offered({ name, available, why, commercial }: Model): string {
  const named = commercial ? name : t('{name} (non-commercial)', { name })
  return available ? named : `${named} — ${why}`
}

/** Shapes that one run follows: those of a model, or of a kind whose model is chosen by itself (null). */
export interface Share {
  readonly model: string | null
  /** Followed as masks are those of its shapes that are others. */
  readonly asMask: boolean
  readonly shapes: ShownShape[]
}

/**
 * Shapes as the runs that follow them, by the model that `chosen` names for each family. `asMask`: what encloses an
 * object is followed as its mask, together with masks.
 */
export function sharedOut(
  shapes: readonly ShownShape[],
  chosen: (family: Family) => string | null,
  asMask = false,
): Share[] {
  const shares = new Map<string, Share>()
  for (const shape of shapes) {
    const family = followedIn(shape.kind, asMask)
    const model = chosen(family)
    const among = asMask && family === 'mask'
    const key = `${model ?? (among ? '' : shape.kind)} ${among}`
    const share = shares.get(key) ?? { model, asMask: false, shapes: [] }
    share.shapes.push(shape)
    shares.set(key, { ...share, asMask: share.asMask || (among && shape.kind !== 'mask') })
  }
  return [...shares.values()]
}
