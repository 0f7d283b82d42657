/** What is chosen on the page that applies a model, and what is sent of it. */
import { t } from '@/core/text'
import type { ApplyFinder, ApplyLabel, ApplyModel, ApplyPage, SweepIn } from '@/protocol/generated'

export type Pipeline = SweepIn['pipeline']
export type Destination = NonNullable<SweepIn['destination']>

export interface Choice {
  readonly pipeline: Pipeline
  readonly model: string
  readonly videos: ReadonlySet<number>
  /** As typed; empty: from the beginning, to the end. */
  readonly first: string
  readonly last: string
  readonly destination: Destination
  /** Of the new layer; empty: as the model. */
  readonly layerName: string
}

/** Models that can do it, those that are ready first. */
export function modelsFor(page: ApplyPage): readonly ApplyModel[] {
  return ready(page.models)
}

/** Those that are ready before the others, else in their order. */
export function ready<Offer extends ApplyModel | ApplyFinder>(offers: readonly Offer[]): readonly Offer[] {
  return [...offers.filter(({ available }) => available), ...offers.filter(({ available }) => !available)]
}

export function firstChoice(page: ApplyPage): Choice {
  const models = modelsFor(page)
  return {
    pipeline: 'continue',
    model: (models.find((model) => model.default && model.available) ?? models[0])?.id ?? '',
    videos: new Set(),
    first: '',
    last: '',
    destination: 'layer',
    layerName: '',
  }
}

/** Why it can't begin as it is; empty: it can. */
export function problemOf(choice: Choice, page: ApplyPage): string {
  const model = page.models.find(({ id }) => id === choice.model)
  if (!choice.videos.size) return t('Tick the videos first.')
  if (!model) return t('Choose a model.')
  for (const typed of [choice.first, choice.last])
    if (typed && !/^\d{1,9}$/.test(typed)) return t('A frame is a whole number from 0; {typed} was typed.', { typed })
  if (choice.first && choice.last && Number(choice.last) < Number(choice.first))
    return t('The last frame comes after the first.')
  return ''
}

/** What is sent to begin; `id`: a new UUID. */
export function wanted(choice: Choice, id: string): SweepIn {
  return {
    id,
    pipeline: choice.pipeline,
    model: choice.model,
    videos: [...choice.videos],
    first: Number(choice.first || 0),
    last: choice.last ? Number(choice.last) : null,
    destination: choice.destination,
    layer_name: choice.layerName,
  }
}

/** Labels by the names of classes, however their letters are written. */
export function labelsByName(classes: readonly string[], labels: readonly ApplyLabel[]): Map<string, number> {
  const known = new Map(labels.map(({ id, name }) => [name.toLowerCase(), id]))
  return new Map(
    classes.flatMap((name) => (known.has(name.toLowerCase()) ? [[name, known.get(name.toLowerCase())!]] : [])),
  )
}
