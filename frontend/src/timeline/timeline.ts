/** A row per track along the whole video, drawn on a canvas, windowed to what is in view. */
import { follow } from '@/core/follow'
import type { Scheduler } from '@/core/scheduler'
import type { Scope } from '@/core/scope'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import type { TimelineControl } from '@/editor/time/timeline-control'
import type { OverviewOut } from '@/protocol/generated'
import { windowStart, WINDOW } from '@/store/chunks'
import { beside } from '@/store/rights'
import type { FrameNumber, TrackId } from '@/store/types'
import { DETAIL_PER_FRAME } from './hits'
import { drawIssueMarks } from './issues'
import { GUTTER_PX, readPalette, ROW_PX, xOf, type Palette, type Surface } from './layout'
import { densityOf, drawMinimap } from './minimap'
import { TimelinePointer } from './pointer'
import { drawRows } from './rows'
import { drawPlayheads, drawRange, drawRuler, drawStrip, drawVeil, type FrameRanges } from './ruler'
import { ThumbnailSheet } from './thumbnails'
import { TimelineView } from './view'

const DRAW_SOON_MS = 100
const OVERVIEW_MS = 2000
const FILL_MS = 300
/** More windows in view than this are not fetched for it: fewer than the loader keeps. */
const MOST_WINDOWS = 16

export class Timeline implements TimelineControl {
  private readonly ground: HTMLCanvasElement
  /** Above it, the playheads alone: they move with every frame, the rest seldom. */
  private readonly overlay: HTMLCanvasElement
  private readonly view: TimelineView
  private readonly pointer: TimelinePointer
  private readonly thumbnails: ThumbnailSheet
  private buffered: FrameRanges = []
  private strip: HTMLImageElement | null = null
  private palette: Palette | null = null
  private density: { readonly of: OverviewOut; readonly values: Float32Array } | null = null
  private drawTimer: ReturnType<typeof setTimeout> | null = null
  /** Whether the view stayed as it is since the last look at what it lacks. */
  private still = false

  constructor(
    private readonly host: HTMLElement,
    private readonly editor: Editor,
    private readonly scheduler: Scheduler,
    private readonly scope: Scope,
  ) {
    this.ground = this.layer()
    this.overlay = this.layer()
    this.view = new TimelineView(editor)
    this.thumbnails = new ThumbnailSheet(editor)
    this.pointer = new TimelinePointer(host, editor, this.view, scope)
    this.view.onChange = () => {
      this.still = false
      this.pointer.hush()
      this.scheduler.request(this.draw)
    }
    const resize = new ResizeObserver(() => this.resize())
    resize.observe(host)
    scope.add(() => resize.disconnect())
    const theme = new MutationObserver(() => this.recolour())
    theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
    scope.add(() => theme.disconnect())
    this.loadStrip()
    this.follow()
  }

  setBuffered(ranges: FrameRanges): void {
    this.buffered = ranges
    this.scheduler.request(this.draw)
  }

  /** Where thumbnails find the decoded picture of a frame. */
  setPictures(peek: (frame: FrameNumber) => ImageBitmap | null): void {
    this.thumbnails.peek = peek
  }

  /** What shows the menu for selected objects, at a place of the window. */
  setMenu(open: (x: number, y: number) => void): void {
    this.pointer.onMenu = open
  }

  // ------------------------------------------------------------------ what commands ask for

  zoom(factor: number): void {
    const x = xOf(this.view.scale, this.editor.session.frame.value + 0.5)
    const inView = x >= GUTTER_PX && x <= this.view.width
    this.view.zoomAt(inView ? x : GUTTER_PX + this.view.room / 2, factor)
  }

  whole(): void {
    this.view.showWhole()
  }

  show(first: FrameNumber, last: FrameNumber): void {
    this.view.show(first, last)
  }

  toggleAttributes(tracks: readonly TrackId[]): void {
    this.view.toggle(tracks)
  }

  // ------------------------------------------------------------------ following

  /** Draw within a tenth of a second: while a tracker runs the records change with every frame. */
  private drawSoon(): void {
    if (this.drawTimer) return
    this.drawTimer = setTimeout(() => {
      this.drawTimer = null
      this.scheduler.request(this.draw)
    }, DRAW_SOON_MS)
  }

  private follow(): void {
    const { session, store, list, timelineSettings } = this.editor
    const { scope } = this
    const drawNow = () => this.scheduler.request(this.draw)
    scope.add(follow([session.frame], () => this.playheadMoved()))
    scope.add(
      follow([list.shown], () => {
        this.view.list(list.shown.value)
        this.drawSoon()
      }),
    )
    scope.add(follow([session.selection], () => this.reveal()))
    // What a person drags is drawn at once.
    scope.add(follow([store.records.version], () => (this.pointer.busy ? drawNow() : this.drawSoon())))
    scope.add(follow([store.runs.all, store.overview.value], () => this.drawSoon()))
    scope.add(
      follow(
        [
          session.selection,
          session.hidden,
          session.hovered,
          session.range,
          timelineSettings.units,
          this.editor.display.colourBy,
          this.editor.issues.open,
          this.editor.issues.selected,
        ],
        drawNow,
      ),
    )
    scope.add(
      follow([store.surroundings, store.rights], () => {
        this.view.relabel()
        drawNow()
      }),
    )
    scope.add(follow([this.editor.preparation], () => this.loadStrip()))
    scope.add(follow([store.people], () => this.scheduler.request(this.drawOverlay)))
    void store.overview.refresh()
    scope.every(OVERVIEW_MS, () => void store.overview.refresh())
    scope.every(FILL_MS, () => this.fetchMissing())
  }

  inView(): readonly [number, number] {
    return this.view.frames
  }

  private playheadMoved(): void {
    if (this.view.width) this.view.follow(this.editor.session.frame.value)
    this.announce()
    this.scheduler.request(this.drawOverlay)
  }

  /** Tell assistive technology where the playhead is. */
  private announce(): void {
    const frame = this.editor.session.frame.value
    const last = Math.max(this.view.frameCount - 1, 0)
    this.host.setAttribute('aria-valuemin', '0')
    this.host.setAttribute('aria-valuemax', String(last))
    this.host.setAttribute('aria-valuenow', String(frame))
    this.host.setAttribute('aria-valuetext', t('Frame {frame} of {last}', { frame, last }))
  }

  /** Have a single selected track in view. */
  private reveal(): void {
    const [selected, ...others] = this.editor.session.selection.value
    if (selected !== undefined && !others.length && !this.pointer.busy) this.view.reveal(selected)
  }

  /** Rows of frames that are looked at here and nowhere else are fetched when nothing else goes on, one window at a time. */
  private fetchMissing(): void {
    const { view, editor, still } = this
    this.still = true
    if (!still || editor.session.playing.value || view.scale.perFrame < DETAIL_PER_FRAME) return
    const [first, last] = view.frames
    if (last - first > MOST_WINDOWS * WINDOW) return
    for (let start = windowStart(first); start <= last; start += WINDOW) if (editor.store.loader.fill(start)) return
  }

  private loadStrip(): void {
    if (!this.editor.preparation.value.strip || this.strip) return
    const image = new Image()
    image.onload = () => {
      this.strip = this.thumbnails.strip = image
      this.scheduler.request(this.draw)
    }
    image.src = this.editor.config.video.strip_url
  }

  private layer(): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    canvas.setAttribute('aria-hidden', 'true')
    this.host.append(canvas)
    return canvas
  }

  private resize(): void {
    const ratio = window.devicePixelRatio || 1
    const { clientWidth, clientHeight } = this.host
    for (const canvas of [this.ground, this.overlay]) {
      canvas.width = Math.round(clientWidth * ratio)
      canvas.height = Math.round(clientHeight * ratio)
    }
    this.view.resize(clientWidth, clientHeight)
    this.draw()
  }

  private recolour(): void {
    this.palette = null
    this.scheduler.request(this.draw)
  }

  // ------------------------------------------------------------------ drawing

  private surface(canvas: HTMLCanvasElement): Surface {
    this.palette ??= readPalette(this.host)
    const { scale, width, height, top } = this.view
    const context = canvas.getContext('2d')!
    const ratio = window.devicePixelRatio || 1
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.font = '12px "Inter", system-ui, sans-serif'
    context.textBaseline = 'middle'
    return { context, scale, palette: this.palette, width, height, top }
  }

  private readonly drawOverlay = (): void => {
    if (!this.view.width) return
    const surface = this.surface(this.overlay)
    surface.context.clearRect(0, 0, surface.width, surface.height)
    drawPlayheads(surface, this.editor, this.editor.timelineSettings.units.value)
  }

  private readonly draw = (): void => {
    const { editor, view } = this
    if (!view.width) return
    const surface = this.surface(this.ground)
    const { context, palette, width, height, top } = surface
    context.fillStyle = palette.ground
    context.fillRect(0, 0, width, height)
    if (view.lines.length)
      drawRows(surface, { editor, view, runs: editor.store.runs.active(), thumbnails: this.thumbnails })
    else this.drawHint(surface)
    context.fillStyle = palette.ground
    context.fillRect(0, 0, width, top)
    drawMinimap(surface, this.densities(), view.frameCount, !view.isWhole)
    drawRuler(surface, editor, this.buffered, editor.timelineSettings.units.value)
    if (this.strip) drawStrip(surface, this.strip, editor.preparation.value.strip!)
    drawVeil(surface, this.outside())
    if (editor.session.range.value) drawRange(surface, editor.session.range.value)
    drawIssueMarks(surface, editor)
    context.fillStyle = palette.line
    context.fillRect(GUTTER_PX - 1, 0, 1, height)
    context.fillRect(0, top - 1, width, 1)
    this.drawOverlay()
    if (!editor.session.playing.value) this.scheduler.request(this.fillThumbnails)
  }

  private readonly fillThumbnails = (): void => {
    if (this.thumbnails.fill()) this.scheduler.request(this.draw)
  }

  private drawHint({ context, palette, top }: Surface): void {
    const { list, config, keymap } = this.editor
    const keys = { draw: keymap.shown('tool.draw'), track: keymap.shown('run.forward') }
    const none = config.can_edit
      ? t('No objects yet. Press {draw} and draw one, then {track} to track it.', keys)
      : t('No objects yet.')
    context.fillStyle = palette.muted
    context.fillText(list.count.value ? t('No object matches the filter.') : none, GUTTER_PX + 16, top + ROW_PX)
  }

  /** The frames that aren't worked on here; of who only looks, those outside of the open job. */
  private outside(): FrameRanges {
    const { bounds, config } = this.editor
    return beside(config.can_edit ? config.editable_ranges : [bounds], config.video.frame_count)
  }

  private densities(): Float32Array | null {
    const overview = this.editor.store.overview.value.value
    if (overview && this.density?.of !== overview)
      this.density = { of: overview, values: densityOf(overview, this.view.frameCount) }
    return this.density?.values ?? null
  }
}
