/**
 * Decodes a video, one run of frames at a time. The page says which runs it wants. One under way that is wanted no more
 * ends as soon as the frame it was begun for has come: fast scrubbing neither starves nor piles up.
 */
import type { FromDecoder, ToDecoder } from './messages'
import type { Footage } from './packets'
import { PartDecoder, type Run } from './part-decoder'
import { Pictures } from './pictures'
import { ProxyFootage } from './proxy-footage'
import { FileRanges } from './ranges'
import { parsePackets, SourceFootage } from './source-footage'
import { UPRIGHT } from './upright'

/**
 * Within so many packets of its group's beginning, a frame that somebody waits for is sent first, and those before it in
 * a second pass, as making bitmaps takes longer than decoding. Farther away a second pass would cost more than it gains.
 */
const NEAR = 24

interface Job extends Run {
  /** The frame that somebody waits for; null when it is decoded ahead. */
  readonly sought: number | null
  /** Whether what is passed on the way is sent too, where it is wanted. */
  readonly alongside: boolean
}

let footage: Footage | null = null
let decoder: PartDecoder | null = null
let pictures: Pictures | null = null
let wanted: readonly Run[] = []
let target = 0
let job: Job | null = null
let soughtCame = false
let busy = false
/** Frames that were sent and that the page hadn't received when it asked last, in order; how many it had. */
let underway: number[] = []
let received = 0

function post(message: FromDecoder, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer })
}

const fail = (error: unknown) =>
  post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })

self.onmessage = ({ data }: MessageEvent<ToDecoder>) => {
  if (data.type === 'open') {
    open(data).catch(fail)
    return
  }
  target = data.frame
  wanted = data.runs
  underway = underway.slice(data.received - received)
  received = data.received
  if (!busy) work().catch(fail)
}

const overlap = (a: Run, b: Run) => a.first <= b.last && b.first <= a.last

async function open(video: Extract<ToDecoder, { type: 'open' }>): Promise<void> {
  const { origin, width, height } = video
  const file = new FileRanges(origin.url)
  if (origin.packetsUrl === null) {
    footage = await ProxyFootage.open(file, video.fps, video.frameCount)
    pictures = new Pictures({ width, height, orientation: UPRIGHT, padded: true })
  } else {
    const table = await packetsAt(origin.packetsUrl)
    footage = new SourceFootage(table, file)
    pictures = new Pictures({ width, height, orientation: table.head.orientation, padded: false })
  }
  const { config } = footage
  if (!(await VideoDecoder.isConfigSupported(config)).supported)
    throw new Error(`This browser can't decode ${config.codec}.`)
  decoder = new PartDecoder(footage, take)
  post({ type: 'opened' })
  if (!busy) await work()
}

async function packetsAt(url: string) {
  const answer = await fetch(url)
  if (!answer.ok)
    throw new Error(`The list of the video's packets can't be read: the server answered ${answer.status}.`)
  return parsePackets(await answer.arrayBuffer())
}

async function work(): Promise<void> {
  if (!decoder) return
  busy = true
  try {
    for (let now = next(); now; now = next()) {
      const under = now
      job = now
      soughtCame = now.sought === null
      await decoder.decode(now, () => !soughtCame || wanted.some((run) => overlap(run, under)))
      post({ type: 'ran' })
    }
  } finally {
    job = null
    busy = false
  }
}

function next(): Job | null {
  for (const run of wanted) {
    const missing = lacking(run)
    if (!missing) continue
    const isSought = missing.first <= target && target <= missing.last
    if (!isSought) return { ...missing, sought: null, alongside: false }
    // The frames before it are the next job: they are still lacking then.
    const near = footage!.packetsBefore(target) <= NEAR
    return { first: near ? target : missing.first, last: missing.last, sought: target, alongside: !near }
  }
  return null
}

/** The part of a run that hasn't been sent: from its first frame that hasn't to its last one. */
function lacking({ first, last }: Run): Run | null {
  while (first <= last && underway.includes(first)) first++
  while (last >= first && underway.includes(last)) last--
  return first <= last ? { first, last } : null
}

/** What comes out of the decoder: send it if somebody wants it. */
function take(frame: number, decoded: VideoFrame): Promise<void> | null {
  if (!isToBeSent(frame)) {
    decoded.close()
    return null
  }
  underway.push(frame)
  return send(frame, decoded)
}

function isToBeSent(frame: number): boolean {
  if (!job || underway.includes(frame)) return false
  if (frame >= job.first && frame <= job.last) return true
  const passed = frame > job.last || job.alongside
  return passed && wanted.some((run) => run.first <= frame && frame <= run.last)
}

async function send(frame: number, decoded: VideoFrame): Promise<void> {
  try {
    const picture = await pictures!.of(decoded)
    post({ type: 'picture', frame, picture }, [picture])
    if (frame === job?.sought) soughtCame = true
  } finally {
    decoded.close()
  }
}
