import { State, type PointerAt } from '@/editor/tool'
import type { Box, Point } from '@/geometry/box'
import { inside } from '@/geometry/kinds/outline'
import type { TrackId } from '@/store/types'

/** CSS px from one point of the line to the next. */
const STEP_PX = 4
/** Of nine places spread over a shape's bounds. */
const MOST = 5

/**
 * Drawing a line around objects selects those that lie in it for the most part; Shift adds them, Alt takes them out of
 * what was selected. A click does the same with the object there.
 */
export class Around extends State<{ start: PointerAt }> {
  static readonly id = 'lasso.around'
  private line: Point[] = []
  private latest!: PointerAt
  private before: ReadonlySet<TrackId> = new Set()

  override onEnter({ start }: { start: PointerAt }): void {
    this.before = this.editor.session.selection.value
    this.latest = start
    this.line = [start.point]
  }

  override onPointerMove(at: PointerAt): void {
    if (Math.hypot(at.view.x - this.latest.view.x, at.view.y - this.latest.view.y) < STEP_PX) return
    this.latest = at
    this.line.push(at.point)
    this.editor.draft.value = { points: [...this.line], joined: true, closed: true, stuck: null, bare: true }
    this.choose(at)
  }

  override onPointerUp(at: PointerAt): void {
    if (this.line.length < 3) this.choose(at)
    this.finish()
  }

  override onCancel(): void {
    this.editor.session.select(...this.before)
    this.finish()
  }

  override cursor(): string {
    return 'crosshair'
  }

  override get precise(): boolean {
    return false
  }

  private choose({ shift, alt }: PointerAt): void {
    const around = this.line.length < 3 ? this.clicked() : this.encircled()
    const chosen = new Set(shift || alt ? this.before : [])
    for (const track of around) {
      if (alt) chosen.delete(track)
      else chosen.add(track)
    }
    this.editor.session.select(...chosen)
  }

  private clicked(): TrackId[] {
    const hit = this.editor.hit(this.line[0]!)
    return hit ? [hit.track] : []
  }

  private encircled(): TrackId[] {
    return this.editor
      .visibleShapes()
      .filter(({ bounds }) => placesIn(bounds).filter((place) => inside(this.line, place)).length >= MOST)
      .map(({ track }) => track.id)
  }

  private finish(): void {
    this.editor.draft.value = null
    this.machine.idle()
  }
}

/** Nine places, three by three, each in the middle of its part. */
function placesIn([x1, y1, x2, y2]: Box): Point[] {
  const shares = [1 / 6, 1 / 2, 5 / 6]
  return shares.flatMap((across) => shares.map((down) => ({ x: x1 + (x2 - x1) * across, y: y1 + (y2 - y1) * down })))
}
