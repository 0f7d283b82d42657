/** Pointer and keys of the timeline: what a press means, the cursor, and the words beside it. */
import type { Scope } from '@/core/scope'
import type { Editor } from '@/editor/editor'
import type { TrackId } from '@/store/types'
import { adjustRange, chooseRange, dragChange, dragEdge, dragMinimap, pan, scrub, SLIP_PX, type Drag } from './drags'
import { cursorOf, hitAt, type Hit } from './hits'
import { GUTTER_PX, ROW_PX } from './layout'
import { valueRanges } from './lines'
import { minimapFrame } from './minimap'
import { described, Tooltip } from './tooltip'
import type { TimelineView } from './view'

export class TimelinePointer {
  /** A row's objects are wanted a menu for, at this place of the window. */
  onMenu: (x: number, y: number) => void = () => undefined
  private drag: Drag | null = null
  private pressedAt = { x: 0, y: 0 }
  /** The row from which Shift selects up to another. */
  private anchor: TrackId | null = null
  private readonly tooltip: Tooltip

  constructor(
    private readonly host: HTMLElement,
    private readonly editor: Editor,
    private readonly view: TimelineView,
    scope: Scope,
  ) {
    this.tooltip = new Tooltip(host)
    scope.listen(host, 'pointerdown', (event) => this.down(event))
    scope.listen(host, 'pointermove', (event) => this.move(event))
    scope.listen(host, 'pointerup', (event) => this.finish(event))
    scope.listen(host, 'pointercancel', () => this.cancel())
    scope.listen(host, 'pointerleave', () => this.leave())
    scope.listen(host, 'dblclick', (event) => this.doubleClick(event))
    scope.listen(host, 'contextmenu', (event) => event.preventDefault())
    scope.listen(host, 'wheel', (event) => this.wheel(event), { passive: false })
    scope.listen(host, 'keydown', (event) => this.press(event))
    // Before anything else hears it: Escape belongs to the drag under way.
    scope.listen(window, 'keydown', (event) => this.escape(event), { capture: true })
  }

  /** Whether something is being dragged, so that the view should stay. */
  get busy(): boolean {
    return this.drag !== null
  }

  /** What the pointer lies on has moved away: say nothing about it. */
  hush(): void {
    this.tooltip.hide()
  }

  private local(event: MouseEvent): { x: number; y: number } {
    const box = this.host.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  private hit(x: number, y: number): Hit {
    const { store, session } = this.editor
    const known = {
      rows: (id: TrackId) => store.records.rows(id),
      selected: (id: TrackId) => session.selection.value.has(id),
      range: session.range.value,
      issues: this.editor.issues.open.value,
      covers: (frame: number) => store.loader.covers(frame),
    }
    return hitAt(this.view, known, x, y)
  }

  private down(event: PointerEvent): void {
    const { x, y } = this.local(event)
    this.host.setPointerCapture(event.pointerId)
    this.cancel()
    this.pressedAt = { x, y }
    this.drag = event.button === 0 ? this.begin(event, x, y) : pan(this.view, x, y)
    this.drag?.move(x, y)
    this.tooltip.hide()
    if (this.drag) this.host.style.cursor = this.drag.cursor
  }

  /** What a press goes on as; null: it was all there is to do. */
  private begin(event: PointerEvent, x: number, y: number): Drag | null {
    const { editor, view } = this
    const hit = this.hit(x, y)
    const many = event.ctrlKey || event.metaKey
    switch (hit.on) {
      case 'minimap':
        return dragMinimap(view, (at) => minimapFrame(at, view.room, view.frameCount))
      case 'range':
        return adjustRange(editor, view, hit.end)
      case 'triangle':
        view.toggle([hit.line!.track.id])
        return null
      case 'name':
        if (hit.line) this.pick(hit.line.track.id, many, event.shiftKey)
        return null
      case 'issue':
        editor.issues.visit(hit.issue.id)
        return null
      case 'edge':
        return event.shiftKey || many
          ? this.beginRow(hit.line.track.id, event, x)
          : dragEdge(editor, view, hit.line, hit.edge, x)
      case 'change':
        return dragChange(editor, view, hit.line, hit.index)
      case 'row':
      case 'ruler':
        return this.beginRow(hit.on === 'row' && hit.line ? hit.line.track.id : null, event, x)
    }
  }

  private beginRow(track: TrackId | null, event: PointerEvent, x: number): Drag {
    const { editor, view } = this
    if (event.shiftKey)
      return chooseRange(editor, view, x, () => (track === null ? this.rangeTo(x) : this.pick(track, false, true)))
    if (track !== null) this.pick(track, event.ctrlKey || event.metaKey, false)
    return scrub(editor, view)
  }

  /** From the playhead to a place on the ruler. */
  private rangeTo(x: number): void {
    const [here, there] = [this.editor.session.frame.value, this.view.frameAt(x)]
    this.editor.session.range.value = [Math.min(here, there), Math.max(here, there)]
  }

  private pick(track: TrackId, many: boolean, upTo: boolean): void {
    const { session, list } = this.editor
    const ids = list.shown.value.map(({ id }) => id)
    const [from, to] = [ids.indexOf(this.anchor ?? ''), ids.indexOf(track)]
    if (upTo && from >= 0) session.select(...ids.slice(Math.min(from, to), Math.max(from, to) + 1))
    else if (many || upTo) session.toggleSelected(track)
    else session.select(track)
    if (!upTo || from < 0) this.anchor = track
  }

  private move(event: PointerEvent): void {
    const { x, y } = this.local(event)
    if (this.drag) {
      this.drag.move(x, y)
      return
    }
    const hit = this.hit(x, y)
    this.host.style.cursor = cursorOf(hit)
    this.editor.session.hovered.value = 'line' in hit ? (hit.line?.track.id ?? null) : null
    this.tooltip.show(described(this.editor, hit, this.view.frameAt(x)), x, y)
  }

  private finish(event: PointerEvent): void {
    const { drag } = this
    this.drag = null
    drag?.end()
    if (drag) this.move(event)
    const { x, y } = this.local(event)
    if (event.button === 2 && Math.hypot(x - this.pressedAt.x, y - this.pressedAt.y) <= SLIP_PX) this.openMenu(event, y)
  }

  /** For the row under the pointer, which is selected for it. */
  private openMenu(event: PointerEvent, y: number): void {
    const line = this.view.lineAt(y)
    if (!line) return
    if (!this.editor.session.selection.value.has(line.track.id)) this.pick(line.track.id, false, false)
    this.tooltip.hide()
    this.onMenu(event.clientX, event.clientY)
  }

  private cancel(): void {
    this.drag?.cancel()
    this.drag = null
  }

  private leave(): void {
    if (this.drag) return
    this.tooltip.hide()
    this.editor.session.hovered.value = null
  }

  private escape(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || !this.drag) return
    this.cancel()
    event.preventDefault()
    event.stopPropagation()
  }

  /** Go to where a track, or an attribute's value, begins. */
  private doubleClick(event: MouseEvent): void {
    const { x, y } = this.local(event)
    const line = this.view.lineAt(y)
    const extent = line && this.editor.store.extentOf(line.track.id)
    if (!extent) return
    if (x < GUTTER_PX) this.editor.goTo(extent[0])
    else if (line.attribute) {
      const frame = this.view.frameAt(x)
      const range = valueRanges(line.track, line.attribute, extent).find(
        ({ first, last }) => frame >= first && frame <= last,
      )
      if (range) this.editor.goTo(range.first)
    }
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const { view } = this
    const { x, y } = this.local(event)
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY)
    if (event.shiftKey || sideways) view.scrollBy(sideways ? event.deltaX : event.deltaY)
    else if (event.ctrlKey || event.metaKey || y < view.top || view.fits) view.zoomAt(x, Math.exp(-event.deltaY / 300))
    else {
      view.scrollTop += event.deltaY
      view.onChange()
    }
  }

  /** With the focus here, arrows up and down walk through the rows, and Enter through the keyframes of the chosen one. */
  private press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(Math.floor((this.view.height - this.view.top) / ROW_PX) - 1, 1)
    const by = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page }[event.key]
    if (by !== undefined) this.walk(by, event.shiftKey)
    else if (event.key === 'Enter') this.editor.perform(event.shiftKey ? 'keyframe.previous' : 'keyframe.next')
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  private walk(by: number, extend: boolean): void {
    const { list, session } = this.editor
    const tracks = list.shown.value
    const current = [...session.selection.value].at(-1)
    const at = tracks.findIndex(({ id }) => id === current)
    const next = tracks[at < 0 ? 0 : Math.min(Math.max(at + by, 0), tracks.length - 1)]
    if (!next) return
    if (extend) session.selection.value = new Set([...session.selection.value, next.id])
    else this.pick(next.id, false, false)
  }
}
