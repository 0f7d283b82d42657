import { Asked } from './asked'
import { FrameCache, capacityFor, roomFor } from './frame-cache'
import type { Picture, Player, PlayerOptions } from './types'

const AT_ONCE = 4
const AHEAD = 12

/** Shows frames that the server sends as images: for plain-HTTP pages and browsers without the codec. */
export class ImagePlayer implements Player {
  readonly kind = 'images'
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  private readonly cache: FrameCache<ImageBitmap>
  private readonly ahead: number
  private readonly underway = new Map<number, AbortController>()
  private readonly asked = new Asked()
  private queue: number[] = []
  private target = 0
  private shown: number | null = null
  private disposed = false

  constructor(private readonly options: PlayerOptions) {
    this.cache = new FrameCache(roomFor(options.width, options.height))
    this.ahead = Math.min(AHEAD, capacityFor(options.width, options.height) - 2)
  }

  show(frame: number): void {
    this.target = frame
    const picture = this.cache.get(frame)
    if (picture) {
      this.asked.clear()
      this.draw(frame, picture)
    } else this.asked.add(frame)
    this.plan([frame, frame + 1, frame - 1])
  }

  prefetch(frame: number, speed: number): void {
    this.target = frame
    const step = Math.sign(speed) || 1
    this.plan([
      frame,
      ...Array.from({ length: speed ? this.ahead : Math.min(2, this.ahead) }, (_, index) => frame + step * (index + 1)),
    ])
  }

  peek(frame: number): Picture | null {
    return this.cache.get(frame)
  }

  dispose(): void {
    this.disposed = true
    for (const controller of this.underway.values()) controller.abort()
    this.cache.clear()
  }

  private plan(frames: readonly number[]): void {
    this.queue = frames.filter((frame) => frame >= 0 && frame < this.options.frameCount && !this.cache.has(frame))
    // What was asked for shows the way while scrubbing; only what was to come is given up.
    for (const [frame, controller] of this.underway) {
      if (!this.queue.includes(frame) && !this.asked.has(frame)) controller.abort()
    }
    this.pump()
  }

  private pump(): void {
    while (this.underway.size < AT_ONCE && !this.disposed) {
      const next = this.queue.find((frame) => !this.underway.has(frame) && !this.cache.has(frame))
      if (next === undefined) return
      void this.load(next)
    }
  }

  private async load(frame: number): Promise<void> {
    const controller = new AbortController()
    this.underway.set(frame, controller)
    try {
      const answer = await fetch(this.options.frameUrl.replace('{frame}', String(frame)), {
        signal: controller.signal,
        credentials: 'same-origin',
      })
      if (!answer.ok) throw new Error(`Frame ${frame} could not be loaded: the server answered ${answer.status}.`)
      const picture = await createImageBitmap(await answer.blob())
      if (this.disposed) picture.close()
      else this.arrived(frame, picture)
    } catch (error) {
      this.queue = this.queue.filter((other) => other !== frame)
      if (!controller.signal.aborted)
        this.onError(error instanceof Error ? error.message : `Frame ${frame} could not be loaded.`)
    } finally {
      if (this.underway.get(frame) === controller) this.underway.delete(frame)
      this.pump()
    }
  }

  private arrived(frame: number, picture: ImageBitmap): void {
    this.cache.put(frame, picture)
    if (this.asked.settle(frame) || frame === this.shown) this.draw(frame, picture)
    const { target, ahead } = this
    this.cache.trim(target, { first: target - ahead, last: target + ahead }, this.shown)
    this.onBuffered(this.cache.ranges())
  }

  private draw(frame: number, picture: ImageBitmap): void {
    this.shown = frame
    this.onFrame(frame, picture)
  }
}
