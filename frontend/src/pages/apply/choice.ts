/** What is chosen on the page that applies a model, and what is sent of it. */
import { t } from '@/core/text'
import type { ApplyFinder, ApplyLabel, ApplyModel, ApplyPage, ApplyVideo, SweepIn } from '@/protocol/generated'
import type { Wishes } from '@/store/previews'
import { classesOf, wordsIn } from '@/store/words'

export type Pipeline = SweepIn['pipeline']
export type Destination = NonNullable<SweepIn['destination']>

export interface Choice {
  readonly pipeline: Pipeline
  readonly model: string
  readonly finder: string
  /** What a finder looks for that looks by a word, as typed. */
  readonly words: string
  /** What links objects: an association's id; empty: the model follows each. */
  readonly linked: string
  /** What carries masks for what links objects, where it wants some; empty: the first that is ready. */
  readonly maskModel: string
  /** Which label objects of each class get; other classes are left out. */
  readonly labels: ReadonlyMap<string, number>
  /** As typed: it looks at every so-many-th frame. */
  readonly every: string
  /** As typed, in percent; empty: as the finder is made. */
  readonly confidence: string
  readonly videos: ReadonlySet<number>
  /** As typed; empty: from the beginning, to the end. */
  readonly first: string
  readonly last: string
  readonly destination: Destination
  /** Of the new layer; empty: as the model. */
  readonly layerName: string
}

/** Models that can do it, those that are ready first. What is found is a box mostly. */
export function modelsFor(page: ApplyPage, pipeline: Pipeline): readonly ApplyModel[] {
  return ready(pipeline === 'find' ? page.models.filter(({ prompts }) => prompts.includes('box')) : page.models)
}

/** What may carry masks for what links objects, those that are ready first; none, where it wants no masks. */
export function carriersFor(page: ApplyPage, { linked }: Pick<Choice, 'linked'>): readonly ApplyModel[] {
  const association = page.associations.find(({ id }) => id === linked)
  return association?.masks ? ready(page.models.filter(({ prompts }) => prompts.includes('mask'))) : []
}

/** The one that does; undefined: none is wanted. */
export function carrierOf(page: ApplyPage, choice: Pick<Choice, 'linked' | 'maskModel'>): ApplyModel | undefined {
  const carriers = carriersFor(page, choice)
  return carriers.find(({ id }) => id === choice.maskModel) ?? carriers[0]
}

/** Those that are ready before the others, else in their order. */
export function ready<Offer extends ApplyModel | ApplyFinder>(offers: readonly Offer[]): readonly Offer[] {
  return [...offers.filter(({ available }) => available), ...offers.filter(({ available }) => !available)]
}

export function firstChoice(page: ApplyPage): Choice {
  const finder = usual(ready(page.finders))
  return {
    pipeline: 'continue',
    model: usual(modelsFor(page, 'continue'))?.id ?? '',
    finder: finder?.id ?? '',
    words: '',
    linked: '',
    maskModel: '',
    labels: finder ? labelsFor(finder.classes, page) : new Map(),
    every: usualEvery(''),
    confidence: '',
    videos: new Set(),
    first: '',
    last: '',
    destination: 'layer',
    layerName: '',
  }
}

/** The default where it is ready, else the first. */
function usual<Offer extends ApplyModel | ApplyFinder>(offers: readonly Offer[]): Offer | undefined {
  return offers.find((offer) => offer.default && offer.available) ?? offers[0]
}

/** The choice with something else that links objects. Linking needs more looks than finding: unless somebody typed
 * another number, it goes with it. */
export function withLinked(choice: Choice, linked: string): Choice {
  const every = choice.every === usualEvery(choice.linked) ? usualEvery(linked) : choice.every
  return { ...choice, linked, every }
}

/** The choice with another finder: its classes become what they usually do. */
export function withFinder(choice: Choice, finder: ApplyFinder, page: ApplyPage): Choice {
  return { ...choice, finder: finder.id, labels: labelsFor(classesOf(finder, choice.words), page) }
}

/** The choice with other words typed: those that stay become what they did. */
export function withWords(choice: Choice, typed: string, page: ApplyPage): Choice {
  const before = new Set(wordsIn(choice.words))
  const labels = labelsFor(wordsIn(typed), page)
  for (const word of wordsIn(typed)) {
    if (!before.has(word)) continue
    const label = choice.labels.get(word)
    if (label === undefined) labels.delete(word)
    else labels.set(word, label)
  }
  return { ...choice, words: typed, labels }
}

/** Of `iou`, what a detector sees stays almost as it is: boxes on some frames, joined where they overlap. */
export const isDetectorAlone = ({ linked }: Pick<Choice, 'linked'>): boolean => linked === 'iou'

const usualEvery = (linked: string) => (linked && !isDetectorAlone({ linked }) ? '1' : '10')

/** The choice with another task: what doesn't fit it is chosen anew. */
export function withPipeline(choice: Choice, pipeline: Pipeline, page: ApplyPage): Choice {
  const models = modelsFor(page, pipeline)
  const model = models.some(({ id }) => id === choice.model) ? choice.model : (usual(models)?.id ?? '')
  const destination = pipeline === 'continue' && choice.destination === 'empty' ? 'layer' : choice.destination
  return { ...choice, pipeline, model, destination }
}

/** Why it can't begin as it is; empty: it can. */
export function problemOf(choice: Choice, page: ApplyPage): string {
  if (!choice.videos.size) return t('Tick the videos first.')
  if (!page.models.some(({ id }) => id === choice.model)) return t('Choose a model.')
  for (const typed of [choice.first, choice.last])
    if (typed && !/^\d{1,9}$/.test(typed)) return t('A frame is a whole number from 0; {typed} was typed.', { typed })
  if (choice.first && choice.last && Number(choice.last) < Number(choice.first))
    return t('The last frame comes after the first.')
  return choice.pipeline === 'find' ? problemOfFinding(choice, page) : ''
}

function problemOfFinding(choice: Choice, page: ApplyPage): string {
  const { labels, every, confidence } = choice
  const finder = page.finders.find(({ id }) => id === choice.finder)
  if (!finder) return t('Choose what finds objects.')
  if (!classesOf(finder, choice.words).length) return t('Type what to look for.')
  if (!labels.size) return t('Give a label to at least one class.')
  if (!/^\d{1,4}$/.test(every) || Number(every) < 1 || Number(every) > 1000)
    return t('It looks at every 1st to every 1000th frame; {typed} was typed.', { typed: every })
  if (confidence && !(Number(confidence) >= 0 && Number(confidence) <= 100))
    return t('How sure it is lies between 0 and 100 %; {typed} was typed.', { typed: confidence })
  return ''
}

/** Which frame a preview shows. `picked`: the video that was chosen for it; `typed`: its frame; empty: the first one that
 * is looked at. `why`: why there is none; empty: there is. */
export function previewOf(
  choice: Choice,
  page: ApplyPage,
  picked: number | null,
  typed: string,
): { video: ApplyVideo | null; frame: number; why: string } {
  const videos = choice.videos.size ? page.videos.filter(({ id }) => choice.videos.has(id)) : page.videos
  const video = videos.find(({ id }) => id === picked) ?? videos[0] ?? null
  const first = /^\d{1,9}$/.test(choice.first) ? Number(choice.first) : 0
  const last = (video?.frames ?? 1) - 1
  const wanted = typed || String(Math.min(first, last))
  if (!/^\d{1,9}$/.test(wanted))
    return { video, frame: first, why: t('A frame is a whole number from 0; {typed} was typed.', { typed: wanted }) }
  if (Number(wanted) > last)
    return { video, frame: Number(wanted), why: t('The last frame of this video is {last}.', { last }) }
  return { video, frame: Number(wanted), why: '' }
}

/** What is wanted of what a detector sees; null: what was typed is no number. */
export function wishesOf(choice: Choice, finder: ApplyFinder | undefined): Wishes | null {
  const confidence = choice.confidence ? Number(choice.confidence) / 100 : (finder?.confidence ?? 0)
  if (!finder || !(confidence >= 0 && confidence <= 1)) return null
  return { labels: choice.labels, confidence, region: null, linked: choice.linked !== '' }
}

/** What is sent to begin; `id`: a new UUID. */
export function wanted(choice: Choice, page: ApplyPage, id: string): SweepIn {
  const find = {
    finder: choice.finder,
    every: Number(choice.every),
    labels: Object.fromEntries(choice.labels),
    confidence: choice.confidence ? Number(choice.confidence) / 100 : null,
    region: null,
    // A box that is joined to none is a candidate: somebody looks at it.
    least_frames: isDetectorAlone(choice) ? 2 : 0,
    linked: choice.linked || null,
    mask_model: carrierOf(page, choice)?.id ?? null,
  }
  return {
    id,
    pipeline: choice.pipeline,
    model: choice.model,
    find: choice.pipeline === 'find' ? find : null,
    videos: [...choice.videos],
    first: Number(choice.first || 0),
    last: choice.last ? Number(choice.last) : null,
    destination: choice.destination,
    layer_name: choice.layerName,
  }
}

/** The labels of a finder's classes as the project remembers them, else those of their name, however it is written. */
export function labelsFor(classes: readonly string[], page: ApplyPage): Map<string, number> {
  const named = new Map(page.labels.filter(isDrawnAsBox).map(({ id, name }) => [name.toLowerCase(), id]))
  const found = new Map<string, number>()
  for (const name of classes) {
    const remembered = page.class_labels[name]
    const label = remembered === undefined ? named.get(name.toLowerCase()) : remembered
    if (label !== null && label !== undefined) found.set(name, label)
  }
  return found
}

/** Most finders find boxes: other labels would take nothing. */
export const isDrawnAsBox = ({ kinds }: ApplyLabel): boolean => kinds.includes('box')
