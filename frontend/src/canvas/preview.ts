/** What a detector sees on a frame, over its picture: what would be found in the colour of its label, the rest in grey. */
import type { Editor } from '@/editor/editor'
import type { Box } from '@/geometry/box'
import { boxInView } from '@/geometry/view-transform'
import type { SeenOut } from '@/protocol/generated'
import type { Judged } from '@/store/previews'

const LEFT_OUT = '#c3c9d4'

/** What is drawn of the label that a class becomes. */
export interface NamedColour {
  readonly name: string
  readonly colour: string
}

export function drawPreview(context: CanvasRenderingContext2D, editor: Editor, frame: number): void {
  const { preview } = editor.finding
  const view = editor.session.view.value
  paintPreview(
    context,
    preview.shownOn(frame),
    (box) => boxInView(view, box),
    (label) => editor.label(label) ?? null,
  )
}

/** `inView`: where a box of the frame is, in CSS px of the canvas. What is too unsure is not drawn: there is much of it. */
export function paintPreview(
  context: CanvasRenderingContext2D,
  judged: readonly Judged[],
  inView: (box: Box) => Box,
  labelOf: (label: number) => NamedColour | null,
): void {
  context.save()
  context.font = '12px "Inter", system-ui, sans-serif'
  context.textBaseline = 'middle'
  for (const { seen, fate, label } of [...judged].reverse()) {
    if (fate === 'unsure') continue
    const known = label === null ? null : labelOf(label)
    const look = fate === 'found' ? { colour: known?.colour ?? '#fff', dash: [] } : { colour: LEFT_OUT, dash: [3, 4] }
    outline(context, inView(seen.box), look)
    if (fate !== 'same') tag(context, inView(seen.box), wordsOf(seen.label, seen.confidence, known, fate), look.colour)
  }
  context.restore()
}

/** The same where nothing has become a label: each class in a colour of its own. */
export function paintSeen(
  context: CanvasRenderingContext2D,
  seen: readonly SeenOut[],
  inView: (box: Box) => Box,
  colourOf: (name: string) => string,
): void {
  context.save()
  context.font = '12px "Inter", system-ui, sans-serif'
  context.textBaseline = 'middle'
  for (const { box, label, confidence } of [...seen].reverse()) {
    outline(context, inView(box), { colour: colourOf(label), dash: [] })
    tag(context, inView(box), `${label} ${Math.round(100 * confidence)} %`, colourOf(label))
  }
  context.restore()
}

function wordsOf(name: string, confidence: number, label: NamedColour | null, fate: Judged['fate']): string {
  const sure = `${Math.round(100 * confidence)} %`
  const becomes = fate === 'found' && label && label.name.toLowerCase() !== name.toLowerCase()
  return becomes ? `${name} → ${label.name} ${sure}` : `${name} ${sure}`
}

function outline(
  context: CanvasRenderingContext2D,
  [x1, y1, x2, y2]: Box,
  { colour, dash }: { colour: string; dash: number[] },
): void {
  context.setLineDash([])
  context.lineWidth = 3.5
  context.strokeStyle = 'rgb(0 0 0 / 45%)'
  context.strokeRect(x1, y1, x2 - x1, y2 - y1)
  context.setLineDash(dash)
  context.lineWidth = 2
  context.strokeStyle = colour
  context.strokeRect(x1, y1, x2 - x1, y2 - y1)
}

/** Above the box, or inside where there is no room. */
function tag(context: CanvasRenderingContext2D, [x1, y1]: Box, words: string, colour: string): void {
  const top = y1 < 18 ? y1 : y1 - 18
  context.fillStyle = 'rgb(16 20 28 / 85%)'
  context.fillRect(x1 - 1, top, context.measureText(words).width + 10, 18)
  context.fillStyle = colour
  context.fillRect(x1 - 1, top, 3, 18)
  context.fillStyle = '#fff'
  context.fillText(words, x1 + 5, top + 9.5)
}
