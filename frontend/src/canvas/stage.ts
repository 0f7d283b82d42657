/** The picture with everything on it: a canvas each for the video, the shapes and what helps to point, redrawn only when it changed. */
import { computed } from '@preact/signals-core'
import { follow } from '@/core/follow'
import type { Scheduler } from '@/core/scheduler'
import type { Scope } from '@/core/scope'
import type { Editor } from '@/editor/editor'
import { openMenuAt } from '@/editor/objects/menu'
import type { PointerAt } from '@/editor/tool'
import {
  fitted,
  matrixOf,
  panned,
  pinched,
  turnedAt,
  turnedCursor,
  viewToVideo,
  zoomedAt,
  type View,
} from '@/geometry/view-transform'
import type { ShownShape } from '@/store/types'
import { drawAids } from './aids'
import { drawOtherLayer } from './other-layer'
import { PaintLayer } from './painting'
import { drawPreview } from './preview'
import { drawShapes } from './shapes'
import { drawOnionSkin, drawTrajectories } from './trajectories'
import { Touches, type Contact } from './touches'

/** What can be drawn as the video's picture; media knows how to get one. */
export type Drawable = ImageBitmap

/** A press that moves less than this (CSS px) is no drag. */
const STILL_PX = 4

export class Stage {
  private readonly video: HTMLCanvasElement
  private readonly shapes: HTMLCanvasElement
  private readonly aids: HTMLCanvasElement
  private readonly paint: HTMLCanvasElement
  private readonly paintLayer: PaintLayer
  private readonly touches = new Touches()
  /** Where a finger came down that may yet become one of two. */
  private waiting: PointerEvent | null = null
  private picture: Drawable | null = null
  /** The frame whose picture is drawn; -1 before the first. Shapes are drawn for this frame, so that they fit it. */
  shownFrame = -1
  private ratio = 1
  private pointer: PointerAt | null = null
  private panning: { x: number; y: number } | null = null
  /** Where the right button went down: released there, it asks for the menu instead of panning. */
  private rightDown: { x: number; y: number } | null = null
  private panKey: 'up' | 'held' | 'used' = 'up'
  /** The view that shows the whole frame; a resize keeps it whole until the person zooms or pans. */
  private fittedView: View | null = null
  /** What surrounds the picture; read when the size or theme changes, as asking in every frame costs a style pass. */
  private ground = '#000'
  /** The shapes as last compared. */
  private drawn: readonly ShownShape[] = []
  /** The paths as last compared. */
  private drawnPaths = 0

  constructor(
    private readonly host: HTMLElement,
    private readonly editor: Editor,
    private readonly scheduler: Scheduler,
    scope: Scope,
  ) {
    this.video = this.layer('video-layer')
    this.shapes = this.layer('shape-layer')
    this.paint = this.layer('paint-layer')
    this.paintLayer = new PaintLayer(this.paint, () => this.ratio)
    this.aids = this.layer('aid-layer')
    const resize = new ResizeObserver(() => this.resize())
    resize.observe(host)
    scope.add(() => resize.disconnect())
    const theme = new MutationObserver(() => this.resize())
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    scope.add(() => theme.disconnect())
    this.listen(scope)
    this.follow(scope)
  }

  /** Draw the picture of a frame from now on. */
  show(frame: number, picture: Drawable): void {
    this.shownFrame = frame
    this.picture = picture
    // At once: a decoded picture may be closed by the time of the next frame of the page.
    this.drawVideo()
    this.scheduler.request(this.drawShapes)
    this.scheduler.request(this.drawPainting)
    this.scheduler.request(this.drawAids)
    this.host.dataset.frame = String(frame)
  }

  fit(): void {
    const { width, height } = this.editor.config.video
    const { view } = this.editor.session
    this.fittedView = fitted([0, 0, width, height], this.host.clientWidth, this.host.clientHeight, view.value.turns)
    view.value = this.fittedView
  }

  /** Turn the picture by a quarter, around the middle of what is shown. */
  turn(by: 1 | -1): void {
    const { view } = this.editor.session
    const whole = view.value === this.fittedView
    view.value = turnedAt(view.value, { x: this.host.clientWidth / 2, y: this.host.clientHeight / 2 }, by)
    if (whole) this.fit()
  }

  focus(): void {
    this.host.focus({ preventScroll: true })
  }

  /** While the key is held, dragging pans. */
  holdPanKey(): void {
    if (this.panKey === 'up') this.panKey = 'held'
    if (!this.panning) this.host.style.cursor = 'grab'
  }

  /** Returns whether the key was pressed and not used for panning. */
  releasePanKey(): boolean {
    const unused = this.panKey === 'held'
    this.panKey = 'up'
    this.showCursor()
    return unused
  }

  /** The frame that shapes are drawn of. */
  private get frame(): number {
    return this.shownFrame < 0 ? this.editor.session.frame.value : this.shownFrame
  }

  private layer(name: string): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    canvas.className = name
    canvas.setAttribute('aria-hidden', 'true')
    this.host.append(canvas)
    return canvas
  }

  private resize(): void {
    this.ratio = window.devicePixelRatio || 1
    this.ground = getComputedStyle(this.host).backgroundColor
    for (const canvas of [this.video, this.shapes, this.paint, this.aids]) {
      canvas.width = Math.round(this.host.clientWidth * this.ratio)
      canvas.height = Math.round(this.host.clientHeight * this.ratio)
    }
    if (!this.fittedView || this.editor.session.view.value === this.fittedView) this.fit()
    this.drawVideo()
    this.drawShapes()
    this.paintLayer.reset()
    this.drawPainting()
    this.drawAids()
  }

  /** Redraw when something that is shown changes. */
  private follow(scope: Scope): void {
    const { session, store, marquee, draft, display, trajectories } = this.editor
    const { records, people } = store
    const shown = [
      session.view,
      session.selection,
      session.hovered,
      this.editor.hoveredGrip,
      session.hidden,
      session.hiddenOn,
      session.frame,
      marquee,
      this.editor.finding.region,
      draft,
      records.tracks,
      store.surroundings,
      people,
      display.values,
      store.former.version,
      this.editor.review.showsFormer,
      trajectories.settings.values,
      trajectories.pointed,
      store.comparing.version,
      store.previews.latest,
      this.editor.finding.preview.isOpen,
      this.editor.finding.said,
      this.editor.findSettings.values,
    ]
    const { painting, brush, clicks, keptClicks } = this.editor
    const paintedTrack = computed(() => painting.value?.track ?? null)
    const { smoothing, crosshair, magnifier, grid, gridStep, picture } = this.editor.viewOptions
    scope.add(follow([session.view, smoothing], () => this.scheduler.request(this.drawVideo)))
    scope.add(
      follow([session.view, session.tool, crosshair, magnifier, grid, gridStep, picture], () =>
        this.scheduler.request(this.drawAids),
      ),
    )
    scope.add(follow([painting, session.view, session.frame], () => this.scheduler.request(this.drawPainting)))
    scope.add(follow([clicks, keptClicks, session.frame], () => this.scheduler.request(this.drawAids)))
    scope.add(follow([paintedTrack], () => this.scheduler.request(this.drawShapes)))
    scope.add(follow([brush.size, brush.square, session.tool], () => this.scheduler.request(this.drawAids)))
    scope.add(follow([picture], () => (this.video.style.filter = this.editor.viewOptions.filter)))
    scope.add(follow(shown, () => this.scheduler.request(this.drawShapes)))
    scope.add(
      follow([records.version], () => {
        if (this.shapesChanged()) this.scheduler.request(this.drawShapes)
      }),
    )
  }

  /** Whether a change of the records shows on this frame: a run changes many others, and drawing takes time from it. */
  private shapesChanged(): boolean {
    const shapes = [...this.editor.store.queries.shapesAt(this.frame), ...this.editor.ghosts()]
    const paths = this.editor.trajectories.revision(this.frame)
    const changed =
      paths !== this.drawnPaths ||
      shapes.length !== this.drawn.length ||
      shapes.some((shape, index) => !sameLook(shape, this.drawn[index]!))
    this.drawn = shapes
    this.drawnPaths = paths
    return changed
  }

  private readonly drawVideo = (): void => {
    const context = this.video.getContext('2d', { alpha: false })!
    const view = this.editor.session.view.value
    const { width, height } = this.editor.config.video
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = this.ground
    context.fillRect(0, 0, this.video.width, this.video.height)
    if (!this.picture || isClosed(this.picture)) return
    const smoothing = this.editor.viewOptions.smoothing.value
    context.imageSmoothingEnabled = smoothing === 'automatic' ? view.scale * this.ratio < 3 : smoothing === 'smooth'
    context.setTransform(...matrixOf(view, this.ratio))
    context.drawImage(this.picture, 0, 0, width, height, 0, 0, width, height)
  }

  private readonly drawShapes = (): void => {
    const context = this.shapes.getContext('2d')!
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
    context.clearRect(0, 0, this.host.clientWidth, this.host.clientHeight)
    drawTrajectories(context, this.editor, this.frame)
    drawOnionSkin(context, this.editor, this.frame)
    drawOtherLayer(context, this.editor, this.frame)
    drawShapes(context, this.editor, this.frame, this.host)
    drawPreview(context, this.editor, this.frame)
  }

  private readonly drawPainting = (): void => {
    const { painting, session } = this.editor
    const shown = (painting.value?.frame ?? this.frame) === this.frame ? painting.value : null
    this.paintLayer.draw(shown, session.view.value)
  }

  private readonly drawAids = (): void => {
    const { ratio, pointer, host } = this
    const picture = this.picture && !isClosed(this.picture) ? this.picture : null
    drawAids(this.aids.getContext('2d')!, this.editor, {
      width: host.clientWidth,
      height: host.clientHeight,
      ratio,
      pointer,
      picture,
      frame: this.shownFrame,
    })
  }

  // ------------------------------------------------------------------ pointer

  private listen(scope: Scope): void {
    const { host } = this
    scope.listen(host, 'pointerdown', (event) => this.down(event))
    scope.listen(host, 'pointermove', (event) => this.move(event))
    scope.listen(host, 'pointerup', (event) => this.up(event))
    scope.listen(host, 'pointercancel', (event) => this.cancel(event))
    scope.listen(host, 'pointerleave', () => this.leave())
    scope.listen(host, 'dblclick', (event) => this.editor.machine.handler.onDoubleClick(this.at(event)))
    scope.listen(host, 'contextmenu', (event) => event.preventDefault())
    scope.listen(host, 'wheel', (event) => this.wheel(event), { passive: false })
  }

  private at(event: MouseEvent): PointerAt {
    const box = this.host.getBoundingClientRect()
    const view = { x: event.clientX - box.left, y: event.clientY - box.top }
    const point = viewToVideo(this.editor.session.view.value, view)
    return { view, point, shift: event.shiftKey, ctrl: event.ctrlKey || event.metaKey, alt: event.altKey }
  }

  private contact(event: PointerEvent): Contact {
    const { pointerId: id, pointerType: type, timeStamp: time } = event
    return { id, type, time, at: this.at(event).view, size: Math.max(event.width, event.height) }
  }

  private down(event: PointerEvent): void {
    this.focus()
    const meant = this.touches.down(this.contact(event))
    if (meant === 'ignored') return
    this.host.setPointerCapture(event.pointerId)
    if (meant === 'instead') this.editor.machine.cancel()
    this.waiting = meant === 'wait' ? event : null
    if (meant === 'press' || meant === 'instead') this.press(event)
  }

  private press(event: PointerEvent): void {
    this.editor.coarse = event.pointerType === 'touch'
    if (event.button !== 0 || this.panKey !== 'up') {
      if (this.panKey === 'held') this.panKey = 'used'
      this.panning = { x: event.clientX, y: event.clientY }
      this.rightDown = event.button === 2 ? this.panning : null
      this.host.style.cursor = 'grabbing'
      return
    }
    this.editor.playback?.pause()
    this.editor.machine.handler.onPointerDown(this.at(event))
    this.point(event)
  }

  private move(event: PointerEvent): void {
    const meant = this.touches.move(this.contact(event))
    const { view } = this.editor.session
    if (meant === null) return
    if (typeof meant === 'object') {
      view.value = pinched(view.value, meant.before, meant.after)
      return
    }
    if (meant === 'press' && this.waiting) this.press(this.waiting)
    if (this.panning) {
      view.value = panned(view.value, event.clientX - this.panning.x, event.clientY - this.panning.y)
      this.panning = { x: event.clientX, y: event.clientY }
      return
    }
    const { machine } = this.editor
    const moves = machine.handler.detailed ? event.getCoalescedEvents() : []
    for (const each of moves.length ? moves : [event]) machine.handler.onPointerMove(this.at(each))
    this.point(event)
  }

  private up(event: PointerEvent): void {
    const meant = this.touches.up({ id: event.pointerId, type: event.pointerType })
    if (meant === null) return
    if (meant === 'tap' && this.waiting) this.press(this.waiting)
    if (this.panning) {
      this.panning = null
      this.askForMenu(event)
    } else this.editor.machine.handler.onPointerUp(this.at(event))
    this.point(event)
  }

  private askForMenu(event: PointerEvent): void {
    const from = this.rightDown
    this.rightDown = null
    if (!from || this.editor.machine.busy || Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL_PX)
      return
    const at = this.at(event)
    // After this event: the browser closes what is open when a press ends elsewhere.
    setTimeout(() => openMenuAt(this.editor, at))
  }

  private cancel(event: PointerEvent): void {
    if (this.touches.up({ id: event.pointerId, type: event.pointerType }) !== 'release') return
    this.panning = null
    this.editor.machine.cancel()
  }

  private leave(): void {
    this.editor.session.hovered.value = null
    this.editor.trajectories.point(null)
    this.editor.hoverGrip(null)
    this.pointer = null
    this.scheduler.request(this.drawAids)
  }

  private point(event: PointerEvent): void {
    this.pointer = this.at(event)
    this.showCursor()
    this.scheduler.request(this.drawAids)
  }

  private showCursor(): void {
    this.host.style.cursor = turnedCursor(
      this.editor.machine.handler.cursor(this.pointer),
      this.editor.session.view.value.turns,
    )
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    const { session } = this.editor
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1
    // With Shift some systems report the wheel as horizontal.
    if (event.ctrlKey && this.editor.machine.handler.tip) this.editor.brush.resize(event.deltaY < 0 ? 1 : -1)
    else if (event.shiftKey) this.editor.display.fillBy(-((event.deltaY || event.deltaX) * lines) / 2000)
    else session.view.value = zoomedAt(session.view.value, this.at(event).view, Math.exp((-event.deltaY * lines) / 400))
  }
}

/** A closed bitmap has no size any more. */
const isClosed = (picture: Drawable) => picture.width === 0

function sameLook(a: ShownShape, b: ShownShape): boolean {
  return (
    a.track === b.track &&
    a.origin === b.origin &&
    a.occluded === b.occluded &&
    a.doubtful === b.doubtful &&
    a.confidence === b.confidence &&
    (a.payload === b.payload || a.payload.byteLength + b.payload.byteLength === 0) &&
    a.bounds.every((value, index) => value === b.bounds[index])
  )
}
