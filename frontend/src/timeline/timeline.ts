/** A row per track along the whole video, drawn on a canvas, windowed to what is in view. */
import { follow } from '@/core/follow'
import type { Scheduler } from '@/core/scheduler'
import type { Scope } from '@/core/scope'
import type { Editor } from '@/editor/editor'
import type { OverviewOut } from '@/protocol/generated'
import { trackColour } from '@/store/colours'
import { Flag } from '@/store/chunks'
import type { FrameNumber, Track } from '@/store/types'
import { following, frameToX, scrolled, tickStep, whole, xToFrame, zoomed, type Scale } from './scale'

const RULER_PX = 24
const STRIP_PX = 36
const ROW_PX = 24
const GUTTER_PX = 168
/** Below this, single rows can't be told apart and the overview's bins are drawn instead. */
const DETAIL_PER_FRAME = 0.5

interface Palette {
  readonly ground: string
  readonly line: string
  readonly text: string
  readonly muted: string
  readonly accent: string
  readonly selected: string
}

export class Timeline {
  private readonly canvas: HTMLCanvasElement
  private scale: Scale | null = null
  private scrollTop = 0
  private buffered: readonly (readonly [number, number])[] = []
  private overview: OverviewOut | null = null
  private overviewWanted = true
  private strip: HTMLImageElement | null = null
  private dragging: 'playhead' | 'scroll' | null = null
  private dragFrom = { x: 0, y: 0 }
  private palette: Palette | null = null

  constructor(
    private readonly host: HTMLElement,
    private readonly editor: Editor,
    private readonly scheduler: Scheduler,
    private readonly scope: Scope,
  ) {
    this.canvas = document.createElement('canvas')
    this.canvas.setAttribute('aria-hidden', 'true')
    host.append(this.canvas)
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

  setBuffered(ranges: readonly (readonly [number, number])[]): void {
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

  private tracks(): Track[] {
    return [...this.editor.store.records.tracks.value.values()].filter((track) => !track.deleted).sort((a, b) => order(a) - order(b))
  }

  private follow(): void {
    const { session, store } = this.editor
    this.scope.add(
      follow([session.frame], () => {
        if (this.scale && this.dragging !== 'scroll') this.scale = following(this.scale, session.frame.value, this.frameCount, this.width)
        this.scheduler.request(this.draw)
      }),
    )
    this.scope.add(
      follow([store.records.version, store.records.tracks], () => {
        this.overviewWanted = true
        this.scheduler.request(this.draw)
      }),
    )
    this.scope.add(follow([store.runs, store.people, session.selection, session.hidden], () => this.scheduler.request(this.draw)))
    // At most every two seconds: while a tracker runs the records change with every frame.
    this.scope.every(2000, () => void this.refreshOverview())
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

  private async refreshOverview(): Promise<void> {
    if (!this.overviewWanted || !this.scale || this.scale.perFrame >= DETAIL_PER_FRAME) return
    this.overviewWanted = false
    try {
      this.overview = await this.editor.store.loader.overview(2000)
      this.scheduler.request(this.draw)
    } catch {
      // The next change asks again; until then the rows that are here are drawn.
      this.overviewWanted = true
    }
  }

  private resize(): void {
    const ratio = window.devicePixelRatio || 1
    this.canvas.width = Math.round(this.host.clientWidth * ratio)
    this.canvas.height = Math.round(this.host.clientHeight * ratio)
    const atWhole = !this.scale || this.scale.perFrame <= whole(this.frameCount, this.width).perFrame * 1.01
    if (atWhole) this.scale = whole(this.frameCount, this.width)
    void this.refreshOverview()
    this.draw()
  }

  private recolour(): void {
    this.palette = null
    this.scheduler.request(this.draw)
  }

  private colours(): Palette {
    const style = getComputedStyle(this.host)
    const read = (name: string) => style.getPropertyValue(name).trim()
    this.palette ??= {
      ground: read('--panel'),
      line: read('--line'),
      text: read('--text'),
      muted: read('--muted'),
      accent: read('--accent'),
      selected: read('--selected'),
    }
    return this.palette
  }

  // ------------------------------------------------------------------ drawing

  private readonly draw = (): void => {
    const { scale } = this
    if (!scale) return
    const context = this.canvas.getContext('2d')!
    const ratio = window.devicePixelRatio || 1
    const palette = this.colours()
    const [width, height] = [this.host.clientWidth, this.host.clientHeight]
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.fillStyle = palette.ground
    context.fillRect(0, 0, width, height)
    context.font = '12px "Inter", system-ui, sans-serif'
    context.textBaseline = 'middle'
    this.drawRows(context, scale, palette, height)
    context.fillStyle = palette.ground
    context.fillRect(0, 0, width, this.top)
    this.drawRuler(context, scale, palette)
    if (this.strip) this.drawStrip(context, scale, this.strip)
    context.strokeStyle = palette.line
    context.strokeRect(GUTTER_PX - 0.5, -1, 1, height + 2)
    this.drawPlayhead(context, scale, palette, height)
  }

  private drawRuler(context: CanvasRenderingContext2D, scale: Scale, palette: Palette): void {
    const step = tickStep(scale)
    const last = Math.min(xToFrame(scale, this.width), this.frameCount - 1)
    context.save()
    context.beginPath()
    context.rect(GUTTER_PX, 0, this.width, RULER_PX)
    context.clip()
    context.fillStyle = palette.muted
    context.strokeStyle = palette.line
    for (let frame = Math.floor(scale.first / step) * step; frame <= last; frame += step) {
      const x = GUTTER_PX + frameToX(scale, frame)
      context.fillRect(x, RULER_PX - 6, 1, 6)
      context.fillText(String(frame), x + 4, RULER_PX / 2 - 1)
    }
    context.fillStyle = palette.accent
    context.globalAlpha = 0.5
    for (const [from, to] of this.buffered) {
      const x = GUTTER_PX + frameToX(scale, from)
      context.fillRect(x, RULER_PX - 2, Math.max((to + 1 - from) * scale.perFrame, 1), 2)
    }
    const [first, end] = this.editor.bounds
    context.globalAlpha = 0.35
    context.fillStyle = palette.line
    context.fillRect(GUTTER_PX, 0, Math.max(frameToX(scale, first), 0), RULER_PX)
    context.fillRect(GUTTER_PX + frameToX(scale, end + 1), 0, this.width, RULER_PX)
    context.restore()
  }

  private drawStrip(context: CanvasRenderingContext2D, scale: Scale, image: HTMLImageElement): void {
    const strip = this.editor.config.video.strip!
    const tileWidth = (strip.tileWidth * STRIP_PX) / strip.tileHeight
    context.save()
    context.beginPath()
    context.rect(GUTTER_PX, RULER_PX, this.width, STRIP_PX)
    context.clip()
    for (let x = -(frameToX({ ...scale, first: 0 }, scale.first) % tileWidth); x < this.width; x += tileWidth) {
      const frame = xToFrame(scale, x + tileWidth / 2)
      const tile = Math.min(Math.max(Math.floor(frame / strip.every), 0), strip.count - 1)
      const column = tile % strip.columns
      const row = Math.floor(tile / strip.columns)
      context.drawImage(
        image,
        column * strip.tileWidth,
        row * strip.tileHeight,
        strip.tileWidth,
        strip.tileHeight,
        GUTTER_PX + x,
        RULER_PX,
        tileWidth,
        STRIP_PX,
      )
    }
    context.restore()
  }

  private drawRows(context: CanvasRenderingContext2D, scale: Scale, palette: Palette, height: number): void {
    const tracks = this.tracks()
    this.scrollTop = Math.min(Math.max(this.scrollTop, 0), Math.max(tracks.length * ROW_PX - (height - this.top), 0))
    if (!tracks.length) {
      context.fillStyle = palette.muted
      const hint = this.editor.config.canEdit ? 'No objects yet. Press N and drag a box around one, then T to track it.' : 'No objects yet.'
      context.fillText(hint, GUTTER_PX + 16, this.top + ROW_PX)
      return
    }
    const first = Math.floor(this.scrollTop / ROW_PX)
    const last = Math.min(first + Math.ceil((height - this.top) / ROW_PX) + 1, tracks.length)
    for (let index = first; index < last; index++) {
      this.drawRow(context, scale, palette, tracks[index]!, this.top + index * ROW_PX - this.scrollTop)
    }
  }

  private drawRow(context: CanvasRenderingContext2D, scale: Scale, palette: Palette, track: Track, y: number): void {
    const { session } = this.editor
    const colour = trackColour(this.editor.config, track)
    if (session.selection.value.has(track.id)) {
      context.fillStyle = palette.selected
      context.fillRect(0, y, this.host.clientWidth, ROW_PX)
    }
    context.globalAlpha = session.hidden.value.has(track.id) ? 0.4 : 1
    context.fillStyle = colour
    context.fillRect(10, y + ROW_PX / 2 - 5, 10, 10)
    context.fillStyle = palette.text
    const name = this.editor.label(track.label)?.name ?? ''
    context.fillText(`${name}${track.number > 0 ? ` ${track.number}` : ''}`, 28, y + ROW_PX / 2, GUTTER_PX - 36)
    context.save()
    context.beginPath()
    context.rect(GUTTER_PX, y, this.width, ROW_PX)
    context.clip()
    if (scale.perFrame < DETAIL_PER_FRAME && this.overview?.tracks[track.id]) this.drawBins(context, scale, colour, track, y)
    else this.drawSpans(context, scale, colour, track, y)
    this.drawRuns(context, scale, palette, track, y)
    context.restore()
    context.globalAlpha = 1
    context.fillStyle = palette.line
    context.globalAlpha = 0.5
    context.fillRect(0, y + ROW_PX - 1, this.host.clientWidth, 1)
    context.globalAlpha = 1
  }

  /** Zoomed out: where a track has rows, window by window. */
  private drawBins(context: CanvasRenderingContext2D, scale: Scale, colour: string, track: Track, y: number): void {
    const bins = this.overview!.tracks[track.id]!
    context.fillStyle = colour
    let previous: number | null = null
    for (const [first, last, , keyframes, predicted] of bins) {
      const x = GUTTER_PX + frameToX(scale, first)
      if (previous !== null && first > previous + 1) {
        context.globalAlpha = 0.25
        context.fillRect(GUTTER_PX + frameToX(scale, previous), y + ROW_PX / 2 - 1, (first - previous) * scale.perFrame, 2)
      }
      context.globalAlpha = predicted ? 0.6 : 0.35
      context.fillRect(x, y + 7, Math.max((last + 1 - first) * scale.perFrame, 2), ROW_PX - 14)
      context.globalAlpha = 1
      if (keyframes) diamond(context, x, y + ROW_PX / 2, 3.5)
      previous = last
    }
  }

  private drawSpans(context: CanvasRenderingContext2D, scale: Scale, colour: string, track: Track, y: number): void {
    const first = Math.max(Math.floor(scale.first), 0)
    const last = Math.min(Math.ceil(xToFrame(scale, this.width)), this.frameCount - 1)
    const rows = this.editor.store.records.rows(track.id)
    const middle = y + ROW_PX / 2
    for (const span of this.editor.store.queries.spans(track.id, first, last)) {
      const x = GUTTER_PX + frameToX(scale, span.first)
      const width = Math.max((span.last + 1 - span.first) * scale.perFrame, 1)
      context.fillStyle = colour
      if (span.kind === 'outside') {
        context.globalAlpha = 0.35
        context.setLineDash([2, 3])
        context.strokeStyle = colour
        context.strokeRect(x, middle, width, 0)
        context.setLineDash([])
      } else if (span.kind === 'interpolated') {
        context.globalAlpha = 0.35
        context.fillRect(x, middle - 3, width, 6)
      } else if (span.kind === 'predicted') {
        context.globalAlpha = 0.25
        context.fillRect(x, y + 5, width, ROW_PX - 10)
        context.globalAlpha = 0.9
        this.drawConfidence(context, scale, rows, span.first, span.last, y)
      }
      context.globalAlpha = 1
      if (span.kind === 'keyframe') {
        diamond(context, x + Math.min(scale.perFrame / 2, 6), middle, 5)
        if (rows.flags(span.first) & Flag.outside) {
          context.fillStyle = this.colours().ground
          diamond(context, x + Math.min(scale.perFrame / 2, 6), middle, 2.5)
        }
      }
    }
  }

  /** Confidence as a filled curve: low where a person should look. */
  private drawConfidence(
    context: CanvasRenderingContext2D,
    scale: Scale,
    rows: { confidence(frame: FrameNumber): number },
    first: FrameNumber,
    last: FrameNumber,
    y: number,
  ): void {
    const step = Math.max(Math.round(1 / scale.perFrame), 1)
    const room = ROW_PX - 10
    for (let frame = first; frame <= last; frame += step) {
      const height = Math.max(rows.confidence(frame) * room, 1)
      const width = Math.min(step, last + 1 - frame) * scale.perFrame
      context.fillRect(GUTTER_PX + frameToX(scale, frame), y + 5 + room - height, width + 0.3, height)
    }
  }

  private drawRuns(context: CanvasRenderingContext2D, scale: Scale, palette: Palette, track: Track, y: number): void {
    for (const run of this.editor.store.activeRuns()) {
      if (!run.tracks.includes(track.id)) continue
      context.strokeStyle = palette.accent
      context.globalAlpha = 0.8
      context.setLineDash([4, 3])
      context.strokeRect(GUTTER_PX + frameToX(scale, run.first), y + 3.5, (run.last + 1 - run.first) * scale.perFrame, ROW_PX - 8)
      context.setLineDash([])
      const head = run.heads[track.id]
      if (head === undefined) continue
      context.fillStyle = palette.accent
      context.globalAlpha = 1
      context.fillRect(GUTTER_PX + frameToX(scale, head + 0.5) - 1.5, y + 2, 3, ROW_PX - 5)
    }
    context.globalAlpha = 1
  }

  private drawPlayhead(context: CanvasRenderingContext2D, scale: Scale, palette: Palette, height: number): void {
    const x = GUTTER_PX + frameToX(scale, this.editor.session.frame.value + 0.5)
    if (x < GUTTER_PX - 1) return
    context.fillStyle = palette.accent
    context.fillRect(x - 1, 0, 2, height)
    context.beginPath()
    context.moveTo(x - 6, 0)
    context.lineTo(x + 6, 0)
    context.lineTo(x, 9)
    context.fill()
    for (const person of this.editor.store.people.value) {
      if (person.connection === this.editor.store.connection) continue
      const other = GUTTER_PX + frameToX(scale, person.frame + 0.5)
      context.fillStyle = person.colour
      if (other >= GUTTER_PX) context.fillRect(other - 1, RULER_PX - 8, 2, 8)
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
    return this.tracks()[Math.floor((y - this.top + this.scrollTop) / ROW_PX)] ?? null
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
    this.overviewWanted = true
    void this.refreshOverview()
    this.scheduler.request(this.draw)
  }

  /** Whether all rows are in view, so that the wheel has nothing to scroll. */
  private fits(): boolean {
    return this.tracks().length * ROW_PX <= this.host.clientHeight - this.top
  }
}

function diamond(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath()
  context.moveTo(x, y - size)
  context.lineTo(x + size, y)
  context.lineTo(x, y + size)
  context.lineTo(x - size, y)
  context.fill()
}

const order = (track: Track) => (track.number < 0 ? 1e9 - track.number : track.number)
