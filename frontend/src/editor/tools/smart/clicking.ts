import { follow } from '@/core/follow'
import { t } from '@/core/text'
import { MOST_CLICKS } from '@/editor/masks/clicked'
import { putMask, type MaskTarget } from '@/editor/masks/target'
import { REACH } from '@/editor/shapes/hit-test'
import { State, type PointerAt } from '@/editor/tool'
import type { Box, Point } from '@/geometry/box'
import { inFrame } from '@/geometry/kinds/vertex-list'
import type { SmartClick } from '@/store/smart'

/** CSS px: a press that moves less is a click. */
const STILL_PX = 5

/** From the first click or box to Enter or Escape: each changes what is asked, and the mask follows the answers. */
export class SmartClicking extends State<{ start: PointerAt; target: MaskTarget }> {
  static readonly id = 'smart.clicking'
  private target!: MaskTarget
  private points: readonly SmartClick[] = []
  private box: Box | null = null
  /** The mask comes of the clicks alone, not of another one before. */
  private alone = true
  private pressed: PointerAt | null = null
  /** Enter was pressed before the answer came. */
  private accepts = false
  private unfollow: () => void = () => undefined
  /** What was clicked or drawn, to be taken back one by one. */
  private readonly former: { readonly points: readonly SmartClick[]; readonly box: Box | null }[] = []

  override onEnter({ start, target }: { start: PointerAt; target: MaskTarget }): void {
    this.target = target
    // Clicks that correct a mask go on from those that it came of.
    const before = this.editor.clickedMasks.of(target.shape, target.frame)
    this.points = before?.clicks ?? []
    this.box = before?.box ?? null
    this.alone = before?.alone ?? !target.shape
    this.unfollow = follow([this.editor.store.smart.state], () => this.show())
    this.onPointerDown(start)
  }

  override onPointerDown(at: PointerAt): void {
    const { session } = this.editor
    if (session.frame.value === this.target.frame) {
      this.pressed = at
      return
    }
    this.editor.goTo(this.target.frame)
    session.tell(t('Your clicks are on this frame. Enter accepts them, Esc drops them.'))
  }

  override onPointerMove(at: PointerAt): void {
    if (!this.pressed) return
    const box = this.boxTo(at)
    if (box || this.editor.marquee.value) this.editor.marquee.value = box
  }

  override onPointerUp(at: PointerAt): void {
    const { pressed } = this
    if (!pressed) return
    const box = this.boxTo(at)
    this.pressed = null
    this.editor.marquee.value = null
    if (box) this.change(this.points, box)
    else this.click(pressed)
  }

  override onFinish(): void {
    const { value: state } = this.editor.store.smart.state
    if (state?.stage === 'failed') {
      this.editor.session.tell(state.message, 'error')
      return
    }
    this.accepts = true
    if (state?.stage === 'answered') this.accept()
  }

  override onBack(): void {
    this.accepts = false
    const before = this.former.pop()
    if (!before) return
    // Back where nothing was clicked yet: what was there stays as it is.
    if (this.former.length) this.set(before.points, before.box)
    else this.onCancel()
  }

  override onCancel(): void {
    this.end()
    this.machine.idle()
  }

  override cursor(): string {
    return 'crosshair'
  }

  override get precise(): boolean {
    return false
  }

  /** A click on a point takes it back; any other sets one. */
  private click({ point, alt }: PointerAt): void {
    const reach = REACH / this.editor.session.view.value.scale
    const rest = this.points.filter((known) => Math.hypot(known.x - point.x, known.y - point.y) > reach)
    const set = { ...inFrame(point, this.editor.config.video), positive: !alt }
    this.change(rest.length < this.points.length ? rest : [...this.points, set], this.box)
  }

  private change(points: readonly SmartClick[], box: Box | null): void {
    this.accepts = false
    this.former.push({ points: this.points, box: this.box })
    this.set(points, box)
  }

  private set(points: readonly SmartClick[], box: Box | null): void {
    this.points = points
    this.box = box
    if (!points.length && !box) {
      this.onCancel()
      return
    }
    const { frame, track } = this.target
    this.editor.clicks.value = { frame, points, box }
    const corrected = this.alone ? null : track
    this.editor.store.smart.ask({ frame, clicks: points, box, track: corrected, model: this.editor.segmenter })
  }

  /** The box from where the button went down, px of the video; null where the pointer hardly moved. */
  private boxTo(at: PointerAt): Box | null {
    const { pressed } = this
    if (!pressed || Math.hypot(at.view.x - pressed.view.x, at.view.y - pressed.view.y) < STILL_PX) return null
    const corner = (point: Point) => inFrame(point, this.editor.config.video)
    const [a, b] = [corner(pressed.point), corner(at.point)]
    return [Math.min(a.x, b.x), Math.min(a.y, b.y), Math.max(a.x, b.x), Math.max(a.y, b.y)]
  }

  /** The answers' mask in place of the object's own. */
  private show(): void {
    const { value: state } = this.editor.store.smart.state
    const { track, shape, label, frame } = this.target
    const colour = (shape?.track.colour ?? '') || label.colour
    const base = state?.mask ?? (state?.stage === 'answered' ? null : shape)
    this.editor.painting.value = { track, base, colour, square: false, erases: false, stretches: [], frame }
    if (state?.stage === 'failed') this.accepts = false
    if (state?.stage === 'answered' && this.accepts) this.accept()
  }

  private accept(): void {
    const { editor, target } = this
    const mask = editor.store.smart.state.value?.mask ?? null
    if (!mask && !target.track) {
      this.accepts = false
      editor.session.tell(t('Nothing is left of the mask. Click on the object.'), 'error')
      return
    }
    const clicked = { clicks: this.points, box: this.box, alone: this.alone }
    this.end()
    this.machine.idle()
    const track = putMask(editor, target, mask, true, 'Click', clicked.clicks.length > MOST_CLICKS ? null : clicked)
    if (mask && track) editor.clickedMasks.keep(track, target.frame, mask.payload, clicked)
    if (target.track) editor.following.edited([target.track], target.frame)
    else editor.drewWithClicks()
  }

  private end(): void {
    this.unfollow()
    this.editor.marquee.value = this.editor.painting.value = this.editor.clicks.value = null
    this.editor.store.smart.forget()
  }
}
