/** Decodes runs of frames with one decoder, which goes on where it is whenever that is on the way. */
import { frameOf, type Footage, type Group } from './packets'

/** Packets that the decoder holds at once: enough to keep it busy, few enough to turn away quickly. */
const QUEUED = 3

/** Frames, both ends included. */
export interface Run {
  readonly first: number
  readonly last: number
}

export class PartDecoder {
  private readonly decoder: VideoDecoder
  private failure: DOMException | null = null
  private group: Group | null = null
  private packets: AsyncGenerator<EncodedVideoChunk, void> | null = null
  /** Frames of the group that came out since it was begun, and the latest of them. */
  private readonly came = new Set<number>()
  private latest = -1
  private taking: Promise<void>[] = []

  /** `take` gets each picture with its frame, and closes it; what it returns is waited for before a run is over. */
  constructor(
    private readonly footage: Footage,
    private readonly take: (frame: number, picture: VideoFrame) => Promise<void> | null,
  ) {
    this.decoder = new VideoDecoder({ output: (picture) => this.output(picture), error: (error) => this.fail(error) })
    this.configure()
  }

  /**
   * Let the pictures of a run come out, as long as `goOn` says so. Tells whether all did.
   *
   * Throws when a frame gives no picture: this decoder doesn't do what the one that listed the frames did.
   */
  async decode(run: Run, goOn: () => boolean): Promise<boolean> {
    for (let first = run.first; first <= run.last;) {
      const group = this.footage.groupOf(first)
      const last = Math.min(run.last, group.last)
      if (!(await this.within(group, { first, last }, goOn))) return false
      first = last + 1
    }
    return true
  }

  private async within(group: Group, run: Run, goOn: () => boolean): Promise<boolean> {
    if (!this.isOnTheWayTo(group, run.first)) this.begin(group, run.last)
    while (!this.hasAll(run)) {
      if (!goOn()) break
      const next = await this.packets!.next()
      if (next.done) {
        await this.finish(run)
        break
      }
      await this.room()
      this.check()
      this.decoder.decode(next.value)
    }
    await Promise.all(this.taking.splice(0))
    this.check()
    return this.hasAll(run)
  }

  private isOnTheWayTo(group: Group, frame: number): boolean {
    return this.packets !== null && this.group?.first === group.first && this.latest < frame
  }

  private begin(group: Group, until: number): void {
    if (this.packets) {
      // What it still holds would come out among what it is given next.
      this.decoder.reset()
      this.configure()
    }
    this.group = group
    this.came.clear()
    this.latest = -1
    this.packets = this.footage.packets(group, until)
  }

  /** The group has no more packets: let go of what the decoder holds back. After it, it takes the next group. */
  private async finish(run: Run): Promise<void> {
    await this.decoder.flush()
    this.check()
    this.packets = null
    for (let frame = run.first; frame <= run.last; frame++)
      if (!this.came.has(frame)) throw new Error(`This browser's decoder gives no picture of frame ${frame}.`)
  }

  private configure(): void {
    this.decoder.configure({ ...this.footage.config, optimizeForLatency: true })
  }

  /** Wait until the decoder takes another packet. */
  private async room(): Promise<void> {
    while (this.decoder.decodeQueueSize >= QUEUED && !this.failure) {
      await new Promise((resolve) => this.decoder.addEventListener('dequeue', resolve, { once: true }))
    }
  }

  private output(picture: VideoFrame): void {
    const frame = frameOf(picture.timestamp)
    if (frame < 0) {
      picture.close()
      return
    }
    this.came.add(frame)
    this.latest = Math.max(this.latest, frame)
    const taken = this.take(frame, picture)
    if (taken) this.taking.push(taken)
  }

  private fail(error: DOMException): void {
    this.failure = error
    // Whoever waits for room in a decoder that is closed now.
    this.decoder.dispatchEvent(new Event('dequeue'))
  }

  private check(): void {
    if (this.failure) throw this.failure
  }

  private hasAll({ first, last }: Run): boolean {
    for (let frame = first; frame <= last; frame++) if (!this.came.has(frame)) return false
    return true
  }
}
