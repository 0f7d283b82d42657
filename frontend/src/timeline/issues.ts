/** Open issues on the timeline: a mark on the ruler for each, and their frames along the row of the object. */
import type { Editor } from '@/editor/editor'
import type { Issue } from '@/store/issues'
import type { Track } from '@/store/types'
import { clipped, GUTTER_PX, MINIMAP_PX, ROW_PX, xOf, type Surface } from './layout'
import type { Scale } from './scale'

const MARK_PX = 9
const REACH_PX = 6
/** Marks nearer to each other than this are drawn as one. */
const APART_PX = 3

/** Marks along the top of the ruler, where their frames begin. */
export function drawIssueMarks(surface: Surface, editor: Editor): void {
  const { context, scale, palette, width } = surface
  const issues = editor.issues.open.value
  if (!issues.length) return
  clipped(context, GUTTER_PX, MINIMAP_PX, width - GUTTER_PX, MARK_PX + 1, () => {
    let drawnAt = -Infinity
    for (const { id, first } of issues) {
      const x = markX(scale, first)
      if (x < drawnAt + APART_PX || x < GUTTER_PX - MARK_PX) continue
      if (x > width) break
      drawnAt = x
      context.fillStyle = id === editor.issues.selected.value ? palette.accent : palette.note
      context.beginPath()
      context.moveTo(x - MARK_PX / 2, MINIMAP_PX)
      context.lineTo(x + MARK_PX / 2, MINIMAP_PX)
      context.lineTo(x, MINIMAP_PX + MARK_PX)
      context.fill()
    }
  })
}

/** The frames of a track’s open issues, as a line along the bottom of its row; `y`: its top. */
export function drawIssuesOf({ context, scale, palette }: Surface, editor: Editor, track: Track, y: number): void {
  for (const issue of editor.issues.open.value) {
    if (issue.track !== track.id) continue
    const left = xOf(scale, issue.first)
    const right = Math.max(xOf(scale, issue.last + 1), left + 4)
    context.fillStyle = issue.id === editor.issues.selected.value ? palette.accent : palette.note
    context.fillRect(left, y + ROW_PX - 4, right - left, 2)
    context.fillRect(left, y + ROW_PX - 8, 4, 6)
  }
}

/** The issue whose mark lies at a place of the ruler; null: none. */
export function issueAt(issues: readonly Issue[], scale: Scale, x: number, y: number): Issue | null {
  if (y < MINIMAP_PX || y > MINIMAP_PX + MARK_PX) return null
  let nearest: Issue | null = null
  let least = REACH_PX
  for (const issue of issues) {
    const away = Math.abs(markX(scale, issue.first) - x)
    if (away > least) continue
    nearest = issue
    least = away
  }
  return nearest
}

const markX = (scale: Scale, frame: number) => xOf(scale, frame + 0.5)
