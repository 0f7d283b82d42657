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
  readonly shapes: ShownShape[]
}

/** Shapes as the runs that follow them, by the model that `chosen` names for each family. */
export function sharedOut(shapes: readonly ShownShape[], chosen: (family: Family) => string | null): Share[] {
  const shares = new Map<string, Share>()
  for (const shape of shapes) {
    const model = chosen(familyOf(shape.kind))
    const key = model ?? ` ${shape.kind}`
    const share = shares.get(key) ?? { model, shapes: [] }
    share.shapes.push(shape)
    shares.set(key, share)
  }
  return [...shares.values()]
}
