/** What stands beside a shape on the picture. */
import type { FrameNumber, Label, ShownShape } from '@/store/types'
import { heldAt, valueText } from './attributes'
import type { TagPart } from '@/editor/preferences/display'

const LONGEST = 48

/** e.g. "car 3 ? · red · 87 % · occluded". `important`: pointed at or selected, so that its state is told too. */
export function tagText(
  shape: ShownShape,
  label: Label | null,
  parts: readonly TagPart[],
  frame: FrameNumber,
  important: boolean,
): string {
  const { track, origin, confidence, doubtful, occluded } = shape
  const name = [
    parts.includes('label') && label?.name,
    parts.includes('number') && track.number > 0 && track.number,
    doubtful && '?',
  ]
    .filter(Boolean)
    .join(' ')
  const told = [name]
  if (parts.includes('attributes') && label) told.push(...attributesText(shape, label, frame))
  if (origin === 'predicted' && (important || parts.includes('confidence')))
    told.push(`${Math.round(confidence * 100)} %`)
  if (parts.includes('source')) told.push(track.source)
  if (important && occluded) told.push('occluded')
  if (track.candidate) told.push('candidate')
  if (important && track.locked) told.push('locked')
  const text = told.filter(Boolean).join(' · ')
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
}

/** Values that somebody set; of a checkbox its name, where it is on. */
function attributesText({ track }: ShownShape, label: Label, frame: FrameNumber): string[] {
  return label.attributes.flatMap((attribute) => {
    const { value, from } = heldAt(track, attribute, frame)
    if (from === 'default' || value === false) return []
    return [value === true ? attribute.name : valueText(value)]
  })
}
