/** Objects that nobody drew: what looks for them, what they become here, and the run that does. */
import { signal, type Signal } from '@preact/signals-core'
import { t } from '@/core/text'
import type { Box } from '@/geometry/box'
import type { EditorConfig, Label } from '@/store/types'
import { classesOf } from '@/store/words'
import type { Editor } from '@/editor/editor'
import { FindPreview } from './preview'

export type Association = EditorConfig['associations'][number]
type Model = EditorConfig['models'][number]
export type Finder = EditorConfig['finders'][number]
type FindOptions = NonNullable<ReturnType<Finding['options']>>

/** The one that is chosen if it is ready, else the default, else any that is; null: none is ready. Pure. */
export function chosenFinder(finders: readonly Finder[], chosen: string | null): Finder | null {
  const ready = finders.filter(({ available }) => available)
  return ready.find(({ id }) => id === chosen) ?? ready.find((each) => each.default) ?? ready[0] ?? null
}

/** Models that follow masks, those that are ready first. Pure. */
export function carriersOf<Offer extends { readonly prompts: readonly string[]; readonly available: boolean }>(
  models: readonly Offer[],
): readonly Offer[] {
  const able = models.filter(({ prompts }) => prompts.includes('mask'))
  return [...able.filter(({ available }) => available), ...able.filter(({ available }) => !available)]
}

/** What objects of a class become: what was said of it, else the label of that name; null: they are left out. Pure. */
export function labelOfClass(
  name: string,
  labels: readonly Label[],
  said: Readonly<Record<string, number | null>>,
): Label | null {
  const fitting = labels.filter(({ geometry_kinds: kinds }) => kinds.includes('box'))
  const known = said[name]
  if (known === null) return null
  const plain = (text: string) => text.trim().toLowerCase()
  return fitting.find(({ id }) => id === known) ?? fitting.find((label) => plain(label.name) === plain(name)) ?? null
}

export class Finding {
  /** Where objects are looked for, in px; null: on the whole frame. */
  readonly region: Signal<Box | null> = signal(null, { name: 'region' })
  /** What is said of classes in this project. */
  readonly said: Signal<Readonly<Record<string, number | null>>>
  /** Whether the dialog is open that says what classes become, and whether objects are looked for after it. */
  readonly mapping: Signal<'only' | 'then find' | null> = signal(null, { name: 'mapping' })

  /** What it sees on a frame, before it is let loose. */
  readonly preview: FindPreview

  constructor(private readonly editor: Editor) {
    this.preview = new FindPreview(editor)
    this.said = signal(editor.store.config.class_labels, { name: 'class labels' })
  }

  private get settings() {
    return this.editor.findSettings
  }

  /** What looks; null: nothing is ready. */
  get finder(): Finder | null {
    return chosenFinder(this.editor.config.finders, this.settings.finder.value)
  }

  /** What links objects; null: the tracker follows each. */
  get association(): Association | null {
    return this.editor.config.associations.find(({ id }) => id === this.settings.linked.value) ?? null
  }

  /** Models that may carry masks for what links objects, those that are ready first; none, where it wants no masks. */
  get carriers(): readonly Model[] {
    return this.association?.masks ? carriersOf(this.editor.config.models) : []
  }

  /** The one that does; null: none is wanted, or there is none. */
  get carrier(): Model | null {
    const { carriers } = this
    return carriers.find(({ id }) => id === this.settings.maskModel.value) ?? carriers[0] ?? null
  }

  /** On every so-many-th frame it looks. */
  get every(): Signal<number> {
    return this.association ? this.settings.linkEvery : this.settings.every
  }

  /** How to get a detector, where none is ready. */
  get missing(): string {
    const wanted = this.editor.config.finders.find((each) => each.default)
    if (!wanted) return t('No detector is installed.')
    return t('No detector is ready. An admin gets {name}, or another one, on the page Neural networks.', {
      name: wanted.name,
    })
  }

  /** What a finder can be asked for: its classes, or the words that are typed for it. */
  classes(finder: Finder): readonly string[] {
    return classesOf(finder, this.settings.words.value)
  }

  /** Why it can't look; empty: it can. */
  get speechless(): string {
    const { finder } = this
    if (!finder?.by_word || this.classes(finder).length) return ''
    return t('Type what to look for, for example: traffic cone, person. It stands below “Find new objects”.')
  }

  /** The labels that classes of a finder get, by the classes' names; others are left out. */
  labels(finder: Finder): Record<string, number> {
    const found = this.classes(finder).map((name) => [
      name,
      labelOfClass(name, this.editor.config.labels, this.said.value),
    ])
    return Object.fromEntries(
      found.filter((each): each is [string, Label] => each[1] !== null).map(([name, label]) => [name, label.id]),
    )
  }

  /** What a run is to look for; null: nothing is ready, or no class becomes a label. */
  options() {
    const { finder } = this
    const labels = finder ? this.labels(finder) : {}
    if (!finder || !Object.keys(labels).length) return null
    const region = this.region.value
    return {
      finder: finder.id,
      every: this.every.value,
      linked: this.association?.id ?? null,
      mask_model: this.carrier?.id ?? null,
      labels,
      confidence: this.settings.confidence.value,
      region: region && ([...region] as [number, number, number, number]),
      least_frames: this.settings.leastFrames.value,
    }
  }

  /** The same while objects are tracked that a person drew, if that is wanted. */
  meanwhile(): FindOptions | null {
    return this.settings.whileTracking.value ? this.options() : null
  }

  /** Look for objects from this frame on, and follow them. */
  start(): void {
    if (!this.editor.mayDraw()) return
    if (!this.finder) {
      this.editor.session.tell(this.missing, 'error')
      return
    }
    if (this.speechless) {
      this.editor.session.tell(this.speechless, 'error')
      return
    }
    const find = this.options()
    if (find && !this.hasNewWords(this.finder)) this.editor.following.find(find)
    else this.mapping.value = 'then find'
  }

  /** Whether words are looked for of which nobody said yet what they become: typed words are wanted. */
  private hasNewWords(finder: Finder): boolean {
    if (!finder.by_word) return false
    const known = this.labels(finder)
    return this.classes(finder).some((word) => !(word in known) && this.said.value[word] === undefined)
  }

  /** Remember what classes become, for everybody in the project; then go on with what waited for it. */
  async say(labels: Readonly<Record<string, number | null>>): Promise<void> {
    const next = this.mapping.value
    const saved = await this.editor.store.sayClassLabels(labels)
    if (!saved) return
    this.said.value = saved
    this.mapping.value = null
    const find = next === 'then find' ? this.options() : null
    if (find && this.editor.mayDraw()) this.editor.following.find(find)
  }
}
