import type { ColourBy } from '@/store/colours'
import { flag, number, oneOf, someOf } from './fields'
import { kept } from './kept'

export const COLOUR_BY = ['label', 'object', 'origin'] as const satisfies readonly ColourBy[]
export const TAG_WHEN = ['always', 'hover', 'selected', 'never'] as const
export const TAG_PARTS = ['label', 'number', 'attributes', 'confidence', 'source'] as const
export type TagWhen = (typeof TAG_WHEN)[number]
export type TagPart = (typeof TAG_PARTS)[number]

export const THICKEST_PX = 6

const Kept = kept({
  colourBy: oneOf(COLOUR_BY, 'label'),
  /** 0..1: how much of the picture a shape covers; the selected one covers somewhat more. */
  fill: number(0, 0, 1),
  /** Of a keyframe's border, in CSS px; others are drawn in proportion. */
  lineWidth: number(2, 1, THICKEST_PX),
  tags: oneOf(TAG_WHEN, 'always'),
  tagParts: someOf(TAG_PARTS, ['label', 'number']),
  /** The bar of actions beside the selected object. */
  quickBar: flag(true),
  /** Where issues are on the picture. */
  pins: flag(true),
})

/** How objects look on the picture. */
export class DisplaySettings extends Kept {
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
}
