/** The file as it was uploaded, read by the server's list of its packets (annotator/media/source_map.py). */
import type { Footage, Group } from './packets'
import { stampOf } from './packets'
import type { FileRanges } from './ranges'
import type { Orientation } from './upright'

/** Bytes that one request asks for, at most: what comes first should be decoded while the rest is on its way. */
const MOST_AT_ONCE = 2 ** 21

interface Head {
  readonly codec: string
  /** Base64; empty: none. */
  readonly description: string
  readonly matrix: VideoMatrixCoefficients
  readonly fullRange: boolean
  readonly orientation: Orientation
  readonly packets: number
}

/** The packets of a file in the order of decoding: the bytes, the frame that each shows (-1: none), and the groups. */
export interface PacketTable {
  readonly head: Head
  readonly offsets: Float64Array
  readonly frames: Int32Array
  readonly sizes: Uint32Array
  readonly keys: Uint8Array
}

interface PacketGroup extends Group {
  /** Packets: from `start` up to, not including, `end`. */
  readonly start: number
  readonly end: number
}

export function parsePackets(data: ArrayBuffer): PacketTable {
  const length = new DataView(data).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length))) as Head
  const count = head.packets
  const [offsets, frames, sizes, keys] = [0, 8, 12, 16].map((bytes) => 4 + length + bytes * count)
  return {
    head,
    offsets: new Float64Array(data, offsets, count),
    frames: new Int32Array(data, frames, count),
    sizes: new Uint32Array(data, sizes, count),
    keys: new Uint8Array(data, keys, count),
  }
}

/**
 * Packets by groups: a decoder may begin with a key packet after which no frame comes that is before any frame of the
 * packets before it. Groups that show nothing are left out.
 */
export function groupsOf({ frames, keys }: Pick<PacketTable, 'frames' | 'keys'>): PacketGroup[] {
  const earliest = new Int32Array(frames.length + 1).fill(frames.length)
  for (let index = frames.length - 1; index >= 0; index--)
    earliest[index] = frames[index]! < 0 ? earliest[index + 1]! : Math.min(frames[index]!, earliest[index + 1]!)
  const groups: PacketGroup[] = []
  let start = 0
  let [first, last] = [Infinity, -1]
  for (let index = 0; index <= frames.length; index++) {
    if (index === frames.length || (keys[index] && last < earliest[index]!)) {
      if (first < Infinity) groups.push({ first, last, start, end: index })
      if (index === frames.length) break
      start = index
      first = Infinity
    }
    const frame = frames[index]!
    if (frame < 0) continue
    first = Math.min(first, frame)
    last = Math.max(last, frame)
  }
  return groups
}

export class SourceFootage implements Footage {
  readonly config: VideoDecoderConfig
  private readonly groups: readonly PacketGroup[]
  /** Which packet shows each frame. */
  private readonly packetOf: Int32Array

  constructor(
    private readonly table: PacketTable,
    private readonly file: Pick<FileRanges, 'read'>,
  ) {
    const { codec, description, matrix, fullRange } = table.head
    this.config = {
      codec,
      ...(description && { description: Uint8Array.from(atob(description), (letter) => letter.charCodeAt(0)) }),
      // The colours themselves are taken for those of the screen, as everywhere else.
      colorSpace: { matrix, fullRange, primaries: 'bt709', transfer: 'bt709' },
    }
    this.groups = groupsOf(table)
    this.packetOf = new Int32Array(table.frames.length)
    for (const [packet, frame] of table.frames.entries()) if (frame >= 0) this.packetOf[frame] = packet
  }

  groupOf(frame: number): PacketGroup {
    let [low, high] = [0, this.groups.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.groups[middle]!.first <= frame) low = middle
      else high = middle - 1
    }
    return this.groups[low]!
  }

  packetsBefore(frame: number): number {
    return this.packetOf[frame]! - this.groupOf(frame).start
  }

  async *packets(group: PacketGroup, until: number): AsyncGenerator<EncodedVideoChunk, void> {
    const { offsets, frames, sizes, keys } = this.table
    const needed = this.packetOf[Math.min(until, group.last)]!
    const neededEnd = offsets[needed]! + sizes[needed]!
    for (let packet = group.start; packet < group.end; packet++) {
      const begin = offsets[packet]!
      const end = begin + sizes[packet]!
      const frame = frames[packet]!
      yield new EncodedVideoChunk({
        type: keys[packet] ? 'key' : 'delta',
        // Pictures that aren't shown: before all others, each at a time of its own.
        timestamp: frame < 0 ? -1 - packet : stampOf(frame),
        data: await this.file.read(begin, end, Math.min(neededEnd, begin + MOST_AT_ONCE)),
      })
    }
  }
}
