import { Asked } from './asked'
import { FrameCache, capacityFor } from './frame-cache'
import { GROUP, groupOf, type FromDecoder, type ToDecoder } from './messages'
import type { Picture, Player, PlayerOptions } from './types'

/** Groups that playing decodes ahead, at the most. */
const GROUPS_AHEAD = 4

/** Shows pictures that a worker decodes group by group; the cache lives here, so that what is cached shows at once. */
export class WebCodecsPlayer implements Player {
  readonly kind = 'webcodecs'
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  /** Decoding isn't possible; nothing will come any more. */
  onFailed: (message: string) => void = () => undefined
  private readonly cache: FrameCache<ImageBitmap>
  private readonly worker: Worker
  private readonly groupCount: number
  private readonly groupsAhead: number
  private readonly asked = new Asked()
  private target = 0
  private speed = 0
  private shown: number | null = null
  private wantedKey = ''

  constructor(private readonly options: PlayerOptions) {
    const capacity = capacityFor(options.width, options.height)
    this.cache = new FrameCache(capacity)
    // Beside the group that is shown and the one behind it; more would push each other out and be decoded for ever.
    this.groupsAhead = Math.min(GROUPS_AHEAD, Math.floor(capacity / GROUP) - 2)
    this.groupCount = Math.ceil(options.frameCount / GROUP)
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'decoder' })
    this.worker.onmessage = ({ data }: MessageEvent<FromDecoder>) => this.receive(data)
    this.worker.onerror = () => this.onFailed('The decoding worker could not be started.')
    this.post({
      type: 'open',
      url: new URL(options.proxyUrl, location.href).href,
      fps: options.fps,
      frameCount: options.frameCount,
    })
  }

  show(frame: number): void {
    this.target = frame
    const picture = this.cache.get(frame)
    if (picture) {
      this.asked.clear()
      this.draw(frame, picture)
    } else this.asked.add(frame)
    this.want()
  }

  prefetch(frame: number, speed: number): void {
    this.target = frame
    this.speed = speed
    this.want()
  }

  peek(frame: number): Picture | null {
    return this.cache.get(frame)
  }

  dispose(): void {
    this.worker.terminate()
    this.cache.clear()
  }

  private receive(message: FromDecoder): void {
    switch (message.type) {
      case 'opened':
        this.wantedKey = ''
        this.want()
        return
      case 'picture':
        this.arrived(message.frame, message.picture)
        return
      case 'group':
        this.onBuffered(this.cache.ranges())
        this.want()
        return
      case 'failed':
        this.onFailed(message.message)
    }
  }

  private arrived(frame: number, picture: ImageBitmap): void {
    this.cache.put(frame, picture)
    // What is shown was replaced in the cache, and closed.
    if (this.asked.settle(frame) || frame === this.shown) this.draw(frame, picture)
    this.cache.trim(this.target, this.shown)
  }

  private draw(frame: number, picture: ImageBitmap): void {
    this.shown = frame
    this.onFrame(frame, picture)
  }

  /** Tell the worker which groups are missing, the target's first, then those the playhead comes to. */
  private want(): void {
    const here = groupOf(this.target)
    const step = this.speed < 0 ? -1 : 1
    const ahead = Array.from(
      { length: this.speed === 0 ? 1 : this.groupsAhead },
      (_, index) => here + step * (index + 1),
    )
    const groups = [here, ...ahead, here - step].filter(
      (group) => group >= 0 && group < this.groupCount && !this.complete(group),
    )
    // What is decoded first within a group depends on the frame that is waited for.
    const key = `${groups.join()} ${this.cache.has(this.target) ? '' : this.target}`
    if (key === this.wantedKey) return
    this.wantedKey = key
    this.post({ type: 'want', groups, frame: this.target })
  }

  private complete(group: number): boolean {
    const last = Math.min((group + 1) * GROUP, this.options.frameCount)
    for (let frame = group * GROUP; frame < last; frame++) if (!this.cache.has(frame)) return false
    return true
  }

  private post(message: ToDecoder): void {
    this.worker.postMessage(message)
  }
}
