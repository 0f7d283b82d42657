import { counted, t } from '@/core/text'
import { State, type PointerAt } from '@/editor/tool'
import { borderBetween } from '@/editor/shapes/borders'
import { REACH } from '@/editor/shapes/hit-test'
import type { Point } from '@/geometry/box'
import { kindOf, type Geometry, type GeometryKind } from '@/geometry/kinds'
import { inFrame } from '@/geometry/kinds/vertex-list'
import { simplified } from '@/geometry/simplify'
import { keyframe } from '@/store/chunks'
import type { Label } from '@/store/types'

/** CSS px that the pointer moves, pressed, from one point of a freehand line to the next. */
const STRIDE_PX = 8
/** CSS px by which a freehand line may be simplified. */
const ROUGH_PX = 1

export interface Begun {
  readonly start: PointerAt
  /** Of the new object; null where none is drawn. */
  readonly label: Label | null
}

/**
 * Setting point after point: by clicks, or freehand with the button held. Points stick to outlines of neighbours unless
 * Ctrl is held; with Alt the line follows the neighbour's border from the last point (with Shift the longer way round);
 * with Shift alone it goes in steps of 45°. Enter, a double click, or for a closed outline a click on the
 * first point, completes it; Backspace takes the last point back.
 */
export abstract class PathDrawing extends State<Begun> {
  protected abstract readonly kind: GeometryKind
  protected abstract readonly least: number
  protected readonly joined: boolean = true
  protected readonly closed: boolean = false
  /** Whether points stick to the outlines of objects. */
  protected readonly sticks: boolean = true
  protected label: Label | null = null
  protected frame = 0
  private points: Point[] = []
  private pressed: PointerAt | null = null
  /** Points from this one on were drawn freehand. */
  private freehandFrom: number | null = null

  /** What is made of the points. */
  protected abstract complete(points: readonly Point[]): void

  override onEnter({ start, label }: Begun): void {
    this.label = label
    this.frame = this.editor.session.frame.value
    this.onPointerDown(start)
  }

  override onPointerDown(at: PointerAt): void {
    const first = this.points[0]
    if (this.closed && first && this.points.length >= this.least && this.near(first, at.point)) {
      this.points.push(...this.next(at).points.slice(0, -1))
      this.onFinish()
      return
    }
    this.points.push(...this.next(at).points)
    this.pressed = at
    this.preview(at)
  }

  override onPointerMove(at: PointerAt): void {
    if (
      this.pressed &&
      this.joined &&
      Math.hypot(at.view.x - this.pressed.view.x, at.view.y - this.pressed.view.y) >= STRIDE_PX
    ) {
      this.freehandFrom ??= this.points.length - 1
      this.points.push(this.placed(at).point)
      this.pressed = at
    }
    this.preview(at)
  }

  override onPointerUp(at: PointerAt): void {
    this.pressed = null
    this.smooth()
    this.preview(at)
  }

  override onDoubleClick(): void {
    // Its second press set a point on top of the first one's.
    const [one, other] = this.points.slice(-2)
    if (one && other && this.near(one, other)) this.points.pop()
    this.onFinish()
  }

  override onBack(): void {
    this.points.pop()
    if (this.points.length) this.preview(null)
    else this.onCancel()
  }

  override onFinish(): void {
    this.smooth()
    if (this.points.length < this.least) {
      this.editor.session.tell(
        counted(
          this.least,
          'A {kind} has at least {count} point. Click to add more, or press Esc to give up.',
          'A {kind} has at least {count} points. Click to add more, or press Esc to give up.',
          { kind: t(kindOf({ kind: this.kind }).name) },
        ),
      )
      return
    }
    const { points } = this
    this.onCancel()
    this.complete(points)
  }

  override onCancel(): void {
    this.editor.draft.value = null
    this.machine.idle()
  }

  override cursor(): string {
    return 'crosshair'
  }

  private preview(at: PointerAt | null): void {
    const next = at && !this.pressed ? this.next(at) : null
    this.editor.draft.value = {
      points: [...this.points, ...(next?.points ?? [])],
      joined: this.joined,
      closed: this.closed,
      stuck: next?.stuck ?? null,
    }
  }

  /** What a click at the pointer adds. */
  private next(at: PointerAt): { points: readonly Point[]; stuck: Point | null } {
    const { point, stuck } = this.placed(at)
    const last = this.points.at(-1)
    const border = at.alt && stuck && last ? borderBetween(this.editor.visibleShapes(), last, stuck, at.shift) : []
    return { points: [...border, point], stuck }
  }

  /** Where a point at the pointer goes. */
  private placed(at: PointerAt): { point: Point; stuck: Point | null } {
    const stuck = at.ctrl || !this.joined || !this.sticks ? null : this.editor.stickTo(at.point)
    if (stuck) return { point: stuck, stuck }
    const last = this.points.at(-1)
    const point = at.shift && last && !this.pressed ? inSteps(last, at.point) : at.point
    return { point: inFrame(point, this.editor.config.video), stuck: null }
  }

  private near(a: Point, b: Point): boolean {
    return Math.hypot(a.x - b.x, a.y - b.y) * this.editor.session.view.value.scale <= REACH
  }

  /** Take out the points of a freehand stretch that it does without. */
  private smooth(): void {
    if (this.freehandFrom === null) return
    const tolerance = ROUGH_PX / this.editor.session.view.value.scale
    this.points = [
      ...this.points.slice(0, this.freehandFrom),
      ...simplified(this.points.slice(this.freehandFrom), tolerance),
    ]
    this.freehandFrom = null
  }
}

/** Points that become a new object. */
export abstract class ObjectDrawing extends PathDrawing {
  protected abstract shapeOf(points: readonly Point[]): Geometry

  protected override complete(points: readonly Point[]): void {
    const { editor, label, frame } = this
    if (!label) return
    const shape = this.shapeOf(points)
    const track = editor.store.transact(`Draw ${label.name}`, (tx) => {
      const id = tx.createTrack({ label: label.id })
      tx.putRow(id, keyframe(frame, shape))
      return id
    })
    editor.drew(track)
  }
}

/** The point nearest to `to` in a direction that is a multiple of 45° from `from`. */
function inSteps(from: Point, to: Point): Point {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const angle = (Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) * Math.PI) / 4
  const far = dx * Math.cos(angle) + dy * Math.sin(angle)
  return { x: from.x + far * Math.cos(angle), y: from.y + far * Math.sin(angle) }
}
