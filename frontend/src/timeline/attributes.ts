/** A row of an attribute that changes over time: its values as coloured ranges. */
import { valueText } from '@/editor/objects/attributes'
import type { Editor } from '@/editor/editor'
import type { Attribute, Track } from '@/store/types'
import { clipped, ROW_PX, xOf, type Surface } from './layout'
import { valueRanges, type ValueRange } from './lines'

const TEXT_LEAST_PX = 18

export function drawValues(surface: Surface, editor: Editor, track: Track, attribute: Attribute, y: number): void {
  const { context, scale, palette } = surface
  const extent = editor.store.extentOf(track.id)
  if (!extent) return
  for (const range of valueRanges(track, attribute, extent)) {
    const text = valueText(range.value)
    const x = xOf(scale, range.first)
    const width = Math.max((range.last + 1 - range.first) * scale.perFrame, 2)
    context.fillStyle = text && range.value !== false ? colourOf(attribute, range.value) : palette.muted
    context.globalAlpha = range.index < 0 ? 0.12 : 0.35
    context.fillRect(x, y + 4, width - 1, ROW_PX - 9)
    context.globalAlpha = 1
    if (range.index >= 0) context.fillRect(x, y + 4, 2, ROW_PX - 9)
    if (width >= TEXT_LEAST_PX) drawText(surface, text, range, x, y, width)
  }
}

/** At the range's left edge, or the window's where that is farther right. */
function drawText(
  { context, palette, scale }: Surface,
  text: string,
  range: ValueRange,
  x: number,
  y: number,
  width: number,
): void {
  const left = Math.max(x, xOf(scale, scale.first))
  clipped(context, left, y, width - (left - x) - 2, ROW_PX, () => {
    context.fillStyle = range.index < 0 ? palette.muted : palette.text
    context.fillText(text, left + 6, y + ROW_PX / 2)
  })
}

/** One value has the same colour everywhere. */
function colourOf(attribute: Attribute, value: unknown): string {
  const choice = typeof value === 'string' ? attribute.choices.indexOf(value) : -1
  const turn = choice >= 0 ? choice : hash(valueText(value))
  return `hsl(${(turn * 137.5 + 210) % 360} 65% 50%)`
}

function hash(text: string): number {
  let sum = 0
  for (const sign of text) sum = (sum * 31 + sign.codePointAt(0)!) >>> 0
  return sum % 360
}
