/** A row per track along the whole video, drawn on a canvas, windowed to what is in view. */
import { follow } from '@/core/follow'
import type { Scheduler } from '@/core/scheduler'
import type { Scope } from '@/core/scope'
import type { Editor } from '@/editor/editor'
import type { Track } from '@/store/types'
import { GUTTER_PX, readPalette, ROW_PX, RULER_PX, STRIP_PX, type Palette, type Surface } from './layout'
import { drawRow } from './rows'
import { drawPlayheads, drawRuler, drawStrip, type FrameRanges } from './ruler'
import { following, scrolled, whole, xToFrame, zoomed, type Scale } from './scale'

const DRAW_SOON_MS = 100
const OVERVIEW_MS = 2000

export class Timeline {
  private readonly ground: HTMLCanvasElement
  /** Above it, the playheads alone: they move with every frame, the rest seldom. */
  private readonly overlay: HTMLCanvasElement
  private scale: Scale | null = null
  private scrollTop = 0
  private buffered: FrameRanges = []
  private strip: HTMLImageElement | null = null
  private dragging: 'playhead' | 'scroll' | null = null
  private dragFrom = { x: 0, y: 0 }
  private palette: Palette | null = null
  /** One per row. */
  private tracks: readonly Track[] = []
  private drawTimer: ReturnType<typeof setTimeout> | null = null

  constructor(
    private readonly host: HTMLElement,
    private readonly editor: Editor,
    private readonly scheduler: Scheduler,
    private readonly scope: Scope,
  ) {
    this.ground = this.layer()
    this.overlay = this.layer()
    const resize = new ResizeObserver(() => this.resize())
    resize.observe(host)
    scope.add(() => resize.disconnect())
    const theme = new MutationObserver(() => this.recolour())
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    scope.add(() => theme.disconnect())
    this.loadStrip()
    this.listen()
    this.follow()
  }

  setBuffered(ranges: FrameRanges): void {
    this.buffered = ranges
    this.scheduler.request(this.draw)
  }

  private get frameCount(): number {
    return this.editor.config.video.frameCount
  }

  private get width(): number {
    return Math.max(this.host.clientWidth - GUTTER_PX, 1)
  }

  private get top(): number {
    return RULER_PX + (this.strip ? STRIP_PX : 0)
  }

  /** Draw within a tenth of a second: while a tracker runs the records change with every frame. */
  private drawSoon(): void {
    if (this.drawTimer) return
    this.drawTimer = setTimeout(() => {
      this.drawTimer = null
      this.scheduler.request(this.draw)
    }, DRAW_SOON_MS)
  }

  private follow(): void {
    const { session, store } = this.editor
    this.scope.add(
      follow([session.frame], () => {
        this.followPlayhead()
        this.announce()
        this.scheduler.request(this.drawOverlay)
      }),
    )
    this.scope.add(
      follow([this.editor.list.shown], () => {
        this.tracks = this.editor.list.shown.value
        this.drawSoon()
      }),
    )
    this.scope.add(follow([session.selection], () => this.reveal()))
    this.scope.add(follow([store.records.version, store.overview.value], () => this.drawSoon()))
    this.scope.add(follow([store.runs], () => this.drawSoon()))
    this.scope.add(follow([session.selection, session.hidden], () => this.scheduler.request(this.draw)))
    this.scope.add(follow([store.people], () => this.scheduler.request(this.drawOverlay)))
    void store.overview.refresh()
    // While a tracker runs the records change with every frame.
    this.scope.every(OVERVIEW_MS, () => void store.overview.refresh())
  }

  private layer(): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    canvas.setAttribute('aria-hidden', 'true')
    this.host.append(canvas)
    return canvas
  }

  private followPlayhead(): void {
    if (!this.scale || this.dragging === 'scroll') return
    const scale = following(this.scale, this.editor.session.frame.value, this.frameCount, this.width)
    if (scale === this.scale) return
    this.scale = scale
    this.scheduler.request(this.draw)
  }

  /** Tell assistive technology where the playhead is. */
  private announce(): void {
    const frame = this.editor.session.frame.value
    const last = Math.max(this.frameCount - 1, 0)
    this.host.setAttribute('aria-valuemin', '0')
    this.host.setAttribute('aria-valuemax', String(last))
    this.host.setAttribute('aria-valuenow', String(frame))
    this.host.setAttribute('aria-valuetext', `Frame ${frame} of ${last}`)
  }

  /** Scroll no farther than needed to have a single selected track in view. */
  private reveal(): void {
    const [selected, ...others] = this.editor.session.selection.value
    if (selected === undefined || others.length || this.dragging) return
    const index = this.tracks.findIndex((track) => track.id === selected)
    const room = this.host.clientHeight - this.top
    if (index >= 0) this.scrollTop = Math.min(Math.max(this.scrollTop, (index + 1) * ROW_PX - room), index * ROW_PX)
  }

  private loadStrip(): void {
    const { strip } = this.editor.config.video
    if (!strip) return
    const image = new Image()
    image.onload = () => {
      this.strip = image
      this.scheduler.request(this.draw)
    }
    image.src = strip.url
  }

  private resize(): void {
    const ratio = window.devicePixelRatio || 1
    for (const canvas of [this.ground, this.overlay]) {
      canvas.width = Math.round(this.host.clientWidth * ratio)
      canvas.height = Math.round(this.host.clientHeight * ratio)
    }
    const atWhole = !this.scale || this.scale.perFrame <= whole(this.frameCount, this.width).perFrame * 1.01
    if (atWhole) this.scale = whole(this.frameCount, this.width)
    this.draw()
  }

  private recolour(): void {
    this.palette = null
    this.scheduler.request(this.draw)
  }

  // ------------------------------------------------------------------ drawing

  private surface(canvas: HTMLCanvasElement, scale: Scale): Surface {
    this.palette ??= readPalette(this.host)
    const context = canvas.getContext('2d')!
    const ratio = window.devicePixelRatio || 1
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    return { context, scale, palette: this.palette, width: this.host.clientWidth, height: this.host.clientHeight, top: this.top }
  }

  private readonly drawOverlay = (): void => {
    if (!this.scale) return
    const surface = this.surface(this.overlay, this.scale)
    surface.context.clearRect(0, 0, surface.width, surface.height)
    drawPlayheads(surface, this.editor)
  }

  private readonly draw = (): void => {
    const { editor } = this
    if (!this.scale) return
    const surface = this.surface(this.ground, this.scale)
    const { context, palette, width, height } = surface
    context.fillStyle = palette.ground
    context.fillRect(0, 0, width, height)
    context.font = '12px "Inter", system-ui, sans-serif'
    context.textBaseline = 'middle'
    this.drawRows(surface)
    context.fillStyle = palette.ground
    context.fillRect(0, 0, width, this.top)
    drawRuler(surface, editor, this.buffered)
    if (this.strip) drawStrip(surface, this.strip, editor.config.video.strip!)
    context.fillStyle = palette.line
    context.fillRect(GUTTER_PX - 1, 0, 1, height)
    this.drawOverlay()
  }

  private drawRows(surface: Surface): void {
    const { context, palette, height, top } = surface
    const { tracks } = this
    this.scrollTop = Math.min(Math.max(this.scrollTop, 0), Math.max(tracks.length * ROW_PX - (height - top), 0))
    if (!tracks.length) {
      context.fillStyle = palette.muted
      const { config, keymap } = this.editor
      const hint = config.canEdit ? `No objects yet. Press ${keymap.shown('tool.box')} and drag a box around one, then ${keymap.shown('run.forward')} to track it.` : 'No objects yet.'
      context.fillText(hint, GUTTER_PX + 16, top + ROW_PX)
      return
    }
    const first = Math.floor(this.scrollTop / ROW_PX)
    const last = Math.min(first + Math.ceil((height - top) / ROW_PX) + 1, tracks.length)
    for (let index = first; index < last; index++) {
      drawRow(surface, this.editor, this.editor.store.overview.value.value, tracks[index]!, top + index * ROW_PX - this.scrollTop)
    }
  }

  // ------------------------------------------------------------------ pointer

  private listen(): void {
    const { host, scope } = this
    scope.listen(host, 'pointerdown', (event) => this.down(event))
    scope.listen(host, 'pointermove', (event) => this.move(event))
    scope.listen(host, 'pointerup', () => (this.dragging = null))
    scope.listen(host, 'pointercancel', () => (this.dragging = null))
    scope.listen(host, 'dblclick', (event) => this.doubleClick(event))
    scope.listen(host, 'contextmenu', (event) => event.preventDefault())
    scope.listen(host, 'wheel', (event) => this.wheel(event), { passive: false })
  }

  private local(event: MouseEvent): { x: number; y: number } {
    const box = this.host.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }

  private down(event: PointerEvent): void {
    const { x, y } = this.local(event)
    this.host.setPointerCapture(event.pointerId)
    this.dragFrom = { x, y }
    if (event.button !== 0) {
      this.dragging = 'scroll'
      return
    }
    if (y >= this.top) this.pick(y, event.shiftKey || event.ctrlKey || event.metaKey)
    if (x >= GUTTER_PX) {
      this.dragging = 'playhead'
      this.editor.playback?.pause()
      this.scrub(x)
    }
  }

  private move(event: PointerEvent): void {
    const { x, y } = this.local(event)
    if (this.dragging === 'playhead') this.scrub(x)
    if (this.dragging === 'scroll' && this.scale) {
      this.scale = scrolled(this.scale, this.dragFrom.x - x, this.frameCount, this.width)
      this.scrollTop += this.dragFrom.y - y
      this.dragFrom = { x, y }
      this.scheduler.request(this.draw)
    }
  }

  private scrub(x: number): void {
    if (this.scale) this.editor.goTo(Math.floor(xToFrame(this.scale, Math.min(Math.max(x - GUTTER_PX, 0), this.width))))
  }

  private trackAt(y: number): Track | null {
    return this.tracks[Math.floor((y - this.top + this.scrollTop) / ROW_PX)] ?? null
  }

  private pick(y: number, add: boolean): void {
    const track = this.trackAt(y)
    if (!track) return
    if (add) this.editor.session.toggleSelected(track.id)
    else this.editor.session.select(track.id)
  }

  /** On a track's name: go to where it begins. */
  private doubleClick(event: MouseEvent): void {
    const { x, y } = this.local(event)
    const track = this.trackAt(y)
    const extent = track && x < GUTTER_PX ? this.editor.store.queries.extent(track.id) : null
    if (extent) this.editor.goTo(extent[0])
  }

  private wheel(event: WheelEvent): void {
    event.preventDefault()
    if (!this.scale) return
    const { x, y } = this.local(event)
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY)
    if (event.shiftKey || sideways) {
      this.scale = scrolled(this.scale, sideways ? event.deltaX : event.deltaY, this.frameCount, this.width)
    } else if (event.ctrlKey || event.metaKey || y < this.top || this.fits()) {
      this.scale = zoomed(this.scale, Math.max(x - GUTTER_PX, 0), Math.exp(-event.deltaY / 300), this.frameCount, this.width)
    } else this.scrollTop += event.deltaY
    this.scheduler.request(this.draw)
  }

  /** Whether all rows are in view, so that the wheel has nothing to scroll. */
  private fits(): boolean {
    return this.tracks.length * ROW_PX <= this.host.clientHeight - this.top
  }
}
