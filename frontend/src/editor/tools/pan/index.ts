import { State, type PointerAt, type Tool } from '@/editor/tool'
import type { Point } from '@/geometry/box'
import { panned, type View } from '@/geometry/view-transform'

class PanIdle extends State<null> {
  static readonly id = 'pan.idle'

  override onPointerDown(at: PointerAt): void {
    this.machine.transition(Panning, { start: at.view })
  }

  override onDoubleClick(): void {
    this.editor.fit()
  }

  override onCancel(): void {
    this.editor.useTool('select')
  }

  override cursor(): string {
    return 'grab'
  }
}

class Panning extends State<{ start: Point }> {
  static readonly id = 'pan.panning'
  private start!: Point
  private before!: View

  override onEnter({ start }: { start: Point }): void {
    this.start = start
    this.before = this.editor.session.view.value
  }

  override onPointerMove(at: PointerAt): void {
    this.editor.session.view.value = panned(this.before, at.view.x - this.start.x, at.view.y - this.start.y)
  }

  override onPointerUp(): void {
    this.machine.idle()
  }

  override onCancel(): void {
    this.editor.session.view.value = this.before
    this.machine.idle()
  }

  override cursor(): string {
    return 'grabbing'
  }
}

export const PAN: Tool = {
  id: 'pan',
  label: 'Pan',
  help: 'Move the picture. Dragging with the middle or right button does too.',
  keys: ['G'],
  synonyms: 'hand move the view',
  icon: 'M5 8V3.500a1 1 0 012 0V7 M7 7V2.500a1 1 0 012 0V7 M9 7V3.500a1 1 0 012 0V8 M11 8V5.500a1 1 0 012 0V10c0 2.500-2 4-4 4-2.500 0-3.500-1-4.500-2.500L2.700 9a1 1 0 011.600-1.100L5 8.800',
  initial: PanIdle,
}
