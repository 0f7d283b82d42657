/** Which frames and which lines are in view. It knows the editor, but not the page. */
import type { Editor } from '@/editor/editor'
import { isTagLabel } from '@/editor/time/frame-tags'
import type { FrameNumber, Track, TrackId } from '@/store/types'
import { GUTTER_PX, MINIMAP_PX, ROW_PX, RULER_PX, STRIP_PX } from './layout'
import { changingAttributes, linesOf, type Line } from './lines'
import { fitted, following, scrolled, whole, xToFrame, zoomed, type Scale } from './scale'

export class TimelineView {
  scale: Scale = { first: 0, perFrame: 0 }
  lines: readonly Line[] = []
  /** Told of every change of scale or scroll. */
  onChange: () => void = () => undefined
  /** Attributes that change from frame to frame, by label. */
  attributes: ReturnType<typeof changingAttributes> = new Map()
  /** Whether any label has some. */
  hasAttributes = false
  /** Labels of what holds of whole frames: their tracks have stretches, and no keyframes to speak of. */
  tags: ReadonlySet<number> = new Set()
  private open: ReadonlySet<TrackId> = new Set()
  private tracks: readonly Track[] = []
  private scroll = 0
  private size = { width: 0, height: 0 }

  constructor(private readonly editor: Editor) {
    this.relabel()
  }

  /** The labels are others now. */
  relabel(): void {
    const { config } = this.editor
    this.attributes = changingAttributes(config)
    this.tags = new Set(config.labels.filter(isTagLabel).map(({ id }) => id))
    this.hasAttributes = [...this.attributes.values()].some(({ length }) => length > 0)
    this.list(this.tracks)
  }

  get frameCount(): number {
    return this.editor.config.video.frame_count
  }

  /** CSS px of the canvas. */
  get width(): number {
    return this.size.width
  }

  get height(): number {
    return this.size.height
  }

  /** CSS px for frames. */
  get room(): number {
    return Math.max(this.size.width - GUTTER_PX, 1)
  }

  /** Where the lines begin. The strip's place is kept while its picture loads, so that nothing jumps. */
  get top(): number {
    return MINIMAP_PX + RULER_PX + STRIP_PX
  }

  get scrollTop(): number {
    return this.scroll
  }

  set scrollTop(wanted: number) {
    const most = Math.max(this.lines.length * ROW_PX - (this.size.height - this.top), 0)
    this.scroll = Math.min(Math.max(wanted, 0), most)
  }

  get isWhole(): boolean {
    return this.scale.perFrame <= whole(this.frameCount, this.room).perFrame * 1.001
  }

  /** Whether all lines are in view, so that the wheel has nothing to scroll. */
  get fits(): boolean {
    return this.lines.length * ROW_PX <= this.size.height - this.top
  }

  /** First and last frame in view. */
  get frames(): readonly [FrameNumber, FrameNumber] {
    const last = Math.ceil(xToFrame(this.scale, this.room))
    return [Math.max(Math.floor(this.scale.first), 0), Math.min(last, this.frameCount - 1)]
  }

  /** Indices of the first line in view and of the one after the last. */
  get visible(): readonly [number, number] {
    const first = Math.floor(this.scroll / ROW_PX)
    return [first, Math.min(first + Math.ceil((this.size.height - this.top) / ROW_PX) + 1, this.lines.length)]
  }

  yOf(index: number): number {
    return this.top + index * ROW_PX - this.scroll
  }

  lineAt(y: number): Line | null {
    return y < this.top ? null : (this.lines[Math.floor((y - this.top + this.scroll) / ROW_PX)] ?? null)
  }

  /** The frame under a canvas x, fractional, within the video. */
  timeAt(x: number): number {
    return Math.min(Math.max(xToFrame(this.scale, x - GUTTER_PX), 0), this.frameCount)
  }

  frameAt(x: number): FrameNumber {
    return Math.min(Math.floor(this.timeAt(x)), this.frameCount - 1)
  }

  resize(width: number, height: number): void {
    const keepWhole = this.isWhole
    this.size = { width, height }
    this.rescale(keepWhole ? whole(this.frameCount, this.room) : zoomed(this.scale, 0, 1, this.frameCount, this.room))
  }

  list(tracks: readonly Track[]): void {
    this.tracks = tracks
    this.lines = linesOf(tracks, this.open, this.attributes)
    this.scrollTop = this.scroll
  }

  isOpen(track: TrackId): boolean {
    return this.open.has(track)
  }

  /** Open or close the attributes of tracks that have any: all the same way. */
  toggle(tracks: readonly TrackId[]): void {
    const having = tracks.filter((id) => this.attributes.get(this.editor.store.records.track(id)?.label ?? -1)?.length)
    const open = new Set(this.open)
    const opening = having.some((track) => !open.has(track))
    for (const track of having) {
      if (opening) open.add(track)
      else open.delete(track)
    }
    this.open = open
    this.list(this.tracks)
    this.onChange()
  }

  // ------------------------------------------------------------------ moving

  zoomAt(x: number, factor: number): void {
    this.rescale(zoomed(this.scale, Math.max(x - GUTTER_PX, 0), factor, this.frameCount, this.room))
  }

  scrollBy(px: number): void {
    this.rescale(scrolled(this.scale, px, this.frameCount, this.room))
  }

  /** Scroll towards a pointer that has left the frames sideways while it drags. */
  reachFor(x: number): void {
    const beyond = Math.min(x - GUTTER_PX, 0) + Math.max(x - this.size.width, 0)
    if (beyond) this.scrollBy(beyond / 4)
  }

  /** Put a frame in the middle. */
  centre(frame: number): void {
    this.rescale(
      scrolled(
        this.scale,
        (frame - this.scale.first) * this.scale.perFrame - this.room / 2,
        this.frameCount,
        this.room,
      ),
    )
  }

  showWhole(): void {
    this.rescale(whole(this.frameCount, this.room))
  }

  show(first: FrameNumber, last: FrameNumber): void {
    this.rescale(fitted(first, last, this.frameCount, this.room))
  }

  follow(frame: FrameNumber): void {
    this.rescale(following(this.scale, frame, this.frameCount, this.room))
  }

  /** Scroll no farther than needed to have a track's line in view. */
  reveal(track: TrackId): void {
    const index = this.lines.findIndex((line) => line.track.id === track)
    const room = this.size.height - this.top
    if (index >= 0) this.scrollTop = Math.min(Math.max(this.scroll, (index + 1) * ROW_PX - room), index * ROW_PX)
  }

  private rescale(scale: Scale): void {
    if (scale.first === this.scale.first && scale.perFrame === this.scale.perFrame) return
    this.scale = scale
    this.onChange()
  }
}
