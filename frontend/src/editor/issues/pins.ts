/** Where issues are pinned on the picture. Pure but for what it asks the editor. */
import type { Editor } from '@/editor/editor'
import type { Box, Point } from '@/geometry/box'
import { boxInView } from '@/geometry/view-transform'
import { NEW } from '@/store/drafts'
import type { Issue } from '@/store/issues'
import type { BoxPx, FrameNumber } from '@/store/types'

export interface Pin {
  readonly issue: Issue
  /** CSS px of the canvas. */
  readonly at: Point
}

/** How far pins lie apart at least, in CSS px. */
const APART = 22
/** More on a frame are found in the list alone. */
const MOST = 60
const INSET = 10

/** The issues that are pinned on a frame: the open ones, and the one that is read. */
export function issuesOn(editor: Editor, frame: FrameNumber): readonly Issue[] {
  const read = editor.issues.selected.value
  return [...editor.store.issues.all.value.values()]
    .filter(({ id, resolved, first, last }) => first <= frame && frame <= last && (!resolved || id === read))
    .sort((a, b) => a.number - b.number)
    .slice(0, MOST)
}

/** Their pins: at the upper right of the object, else of the region, else in the picture’s corner; none over another. */
export function pinsOf(editor: Editor, issues: readonly Issue[], frame: FrameNumber): readonly Pin[] {
  const pins: Pin[] = []
  for (const issue of issues) {
    let at = cornerOf(editor, issue, frame)
    while (pins.some((pin) => Math.abs(pin.at.x - at.x) < APART && Math.abs(pin.at.y - at.y) < APART))
      at = { x: at.x + APART, y: at.y }
    pins.push({ issue, at })
  }
  return pins
}

/** The region to outline, in CSS px: of what is being written, or of the issue that is read; null: there is none. */
export function outlineOf(editor: Editor, frame: FrameNumber): Box | null {
  const { writing, current } = editor.issues
  const drafted = writing.value ? editor.store.issues.drafts.of(NEW)?.opens?.place : undefined
  const place = drafted ?? current
  if (!place?.region || frame < place.first || frame > place.last) return null
  return place.track !== null && isThere(editor, place.track)
    ? null
    : boxInView(editor.session.view.value, box(place.region))
}

function cornerOf(editor: Editor, { track, region }: Issue, frame: FrameNumber): Point {
  const view = editor.session.view.value
  const shape = track === null ? null : editor.store.queries.shapeAt(track, frame)
  const around = shape?.bounds ?? (region && box(region))
  if (around) {
    const [, y1, x2] = boxInView(view, around)
    return { x: x2, y: y1 }
  }
  const { width, height } = editor.config.video
  const [x1, y1] = boxInView(view, [0, 0, width, height])
  return { x: Math.max(x1, 0) + INSET, y: Math.max(y1, 0) + INSET }
}

const isThere = (editor: Editor, track: string) => editor.store.records.track(track)?.deleted === false

const box = ([x1 = 0, y1 = 0, x2 = 0, y2 = 0]: readonly number[]): BoxPx => [x1, y1, x2, y2]
