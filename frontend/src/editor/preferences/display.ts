import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core'
import type { ColourBy } from '@/store/colours'

export const COLOUR_BY = ['label', 'object', 'origin'] as const satisfies readonly ColourBy[]
export const TAG_WHEN = ['always', 'hover', 'selected', 'never'] as const
export const TAG_PARTS = ['label', 'number', 'attributes', 'confidence', 'source'] as const
export type TagWhen = (typeof TAG_WHEN)[number]
export type TagPart = (typeof TAG_PARTS)[number]

export const THICKEST_PX = 6

/** How objects look on the picture; kept per person. */
export class DisplaySettings {
  readonly colourBy: Signal<ColourBy>
  /** 0..1: how much of the picture a shape covers; the selected one covers somewhat more. */
  readonly fill: Signal<number>
  /** Of a keyframe's border, in CSS px; others are drawn in proportion. */
  readonly lineWidth: Signal<number>
  readonly tags: Signal<TagWhen>
  readonly tagParts: Signal<readonly TagPart[]>
  /** The bar of actions beside the selected object. */
  readonly quickBar: Signal<boolean>
  /** All of it, for who draws. */
  readonly all: ReadonlySignal<StoredDisplay> = computed(() => this.toJSON())

  constructor(stored: Partial<StoredDisplay> = {}) {
    this.colourBy = signal(oneOf(COLOUR_BY, stored.colourBy, 'label'))
    this.fill = signal(within(stored.fill, 0, 1, 0))
    this.lineWidth = signal(within(stored.lineWidth, 1, THICKEST_PX, 2))
    this.tags = signal(oneOf(TAG_WHEN, stored.tags, 'always'))
    this.tagParts = signal(
      Array.isArray(stored.tagParts)
        ? TAG_PARTS.filter((part) => stored.tagParts!.includes(part))
        : ['label', 'number'],
    )
    this.quickBar = signal(stored.quickBar ?? true)
  }

  fillBy(by: number): void {
    this.fill.value = Math.round(Math.min(Math.max(this.fill.value + by, 0), 1) * 100) / 100
  }

  toggleTagPart(part: TagPart): void {
    const parts = this.tagParts.value
    this.tagParts.value = parts.includes(part)
      ? parts.filter((each) => each !== part)
      : TAG_PARTS.filter((each) => each === part || parts.includes(each))
  }

  /** Whether a shape has its tag now. */
  showsTag(selected: boolean, hovered: boolean): boolean {
    switch (this.tags.value) {
      case 'always':
        return true
      case 'hover':
        return hovered || selected
      case 'selected':
        return selected
      case 'never':
        return false
    }
  }

  /** Plain values; reading them inside an effect follows all of them. */
  toJSON(): StoredDisplay {
    return {
      colourBy: this.colourBy.value,
      fill: this.fill.value,
      lineWidth: this.lineWidth.value,
      tags: this.tags.value,
      tagParts: this.tagParts.value,
      quickBar: this.quickBar.value,
    }
  }
}

export interface StoredDisplay {
  readonly colourBy: ColourBy
  readonly fill: number
  readonly lineWidth: number
  readonly tags: TagWhen
  readonly tagParts: readonly TagPart[]
  readonly quickBar: boolean
}

const oneOf = <Value>(all: readonly Value[], stored: Value | undefined, otherwise: Value): Value =>
  stored !== undefined && all.includes(stored) ? stored : otherwise

const within = (stored: number | undefined, least: number, most: number, otherwise: number): number =>
  typeof stored === 'number' ? Math.min(Math.max(stored, least), most) : otherwise
