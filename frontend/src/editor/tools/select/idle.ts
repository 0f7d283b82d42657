import { cursorOf } from '@/editor/shapes/hit-test'
import { addVertex } from '@/editor/shapes/vertices'
import { State, type PointerAt } from '@/editor/tool'
import { Gripping } from './gripping'
import { Marquee } from './marquee'
import { Pointing } from './pointing'

/** Nothing is pressed: hovering. */
export class SelectIdle extends State<null> {
  static readonly id = 'select.idle'

  override onPointerDown(at: PointerAt): void {
    const hit = this.editor.hit(at.point)
    const place = this.editor.pathAt(at, hit)
    this.editor.trajectories.point(null)
    if (place) this.editor.goTo(place.frame)
    else if (!hit) this.machine.transition(Marquee, { start: at })
    else if (hit.on === 'grip' && at.alt) this.editor.toggleGrip(hit.track, hit.grip)
    else if (hit.on === 'grip') this.machine.transition(Gripping, { track: hit.track, grip: hit.grip })
    else this.machine.transition(Pointing, { start: at, track: hit.track })
  }

  override onPointerMove(at: PointerAt): void {
    const hit = this.editor.hit(at.point)
    this.editor.session.hovered.value = hit?.track ?? null
    this.editor.trajectories.point(this.editor.pathAt(at, hit))
    this.editor.hoverGrip(hit)
  }

  override onDoubleClick(at: PointerAt): void {
    const hit = this.editor.hit(at.point)
    if (!hit) this.editor.fit()
    else if (hit.on === 'shape' || hit.grip.look === 'small') addVertex(this.editor, at.point)
  }

  override onCancel(): void {
    this.editor.session.select()
  }

  override cursor(at: PointerAt | null): string {
    if (this.editor.trajectories.pointed.value) return 'pointer'
    return at ? cursorOf(this.editor.hit(at.point)) : 'default'
  }
}
