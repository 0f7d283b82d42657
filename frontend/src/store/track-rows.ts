import { Flag, STORED, WINDOW, makeRow, flagsOf, payloadAt, quantised, windowStart, type Table, KINDS } from './chunks'
import type { OverviewOut } from '@/protocol/generated'
import { meets, stretchOf, type Frames } from './stretches'
import type { BoxPx, FrameNumber, Row, TrackId } from './types'

/** [first row's frame, last row's frame, rows, keyframes, predicted, outside, lowest confidence, doubtful] */
export type Bin = OverviewOut['tracks'][TrackId][number]

/** A track's rows in one line. */
export interface Summary {
  readonly first: FrameNumber
  readonly last: FrameNumber
  readonly keyframes: number
  readonly predicted: number
  /** 0..1, of the least certain row. */
  readonly lowest: number
  readonly doubtful: number
}

/** How often tracks, rows, and the windows that hold rows changed: what is worked out from them is kept until then. */
export class Changes {
  tracks = 0
  rows = 0
  windows = 0
  /** What the payloads of all rows take. */
  bytes = 0
}

/** One window of one track: a slot per frame; a slot whose flags are 0 is empty. */
class Slots {
  readonly bounds = new Float32Array(4 * WINDOW)
  readonly flags = new Uint8Array(WINDOW)
  readonly kinds = new Uint8Array(WINDOW)
  readonly confidence = new Uint16Array(WINDOW)
  readonly payloads = new Map<number, Uint8Array>()
  count = 0
}

/**
 * The rows of one track that this browser knows. Looking up a frame is two array accesses; looking for a neighbour
 * walks flags, at most a window's, and the sorted list of windows.
 */
export class TrackRows {
  private readonly windows = new Map<number, Slots>()
  private starts: number[] = []
  /** Grows with every change of these rows. */
  version = 0

  constructor(private readonly changes = new Changes()) {}

  /** Frames of the first and last row known; null without rows. */
  extent(): readonly [FrameNumber, FrameNumber] | null {
    const first = this.after(-1)
    return first === null ? null : [first, this.before(Number.MAX_SAFE_INTEGER)!]
  }

  /** Bits of `Flag`; 0: no row. */
  flags(frame: FrameNumber): number {
    return this.windows.get(windowStart(frame))?.flags[frame % WINDOW] ?? 0
  }

  /** 0 to 1; 0 where there is no row. */
  confidence(frame: FrameNumber): number {
    return (this.windows.get(windowStart(frame))?.confidence[frame % WINDOW] ?? 0) / 65535
  }

  /** The row on a frame; null: none is known. */
  row(frame: FrameNumber): Row | null {
    const slots = this.windows.get(windowStart(frame))
    const slot = frame % WINDOW
    const flags = slots?.flags[slot]
    if (!slots || !flags) return null
    const { bounds } = slots
    const at = 4 * slot
    const box: BoxPx = [bounds[at]!, bounds[at + 1]!, bounds[at + 2]!, bounds[at + 3]!]
    return makeRow(frame, slots.kinds[slot]!, flags, slots.confidence[slot]!, box, slots.payloads.get(slot))
  }

  /** Frame of the nearest row before `frame` with one of the flags in `mask`; null without one. */
  before(frame: FrameNumber, mask: number = STORED): FrameNumber | null {
    for (let index = this.position(frame); index >= 0; index--) {
      const start = this.starts[index]!
      const { flags } = this.windows.get(start)!
      for (let slot = Math.min(frame - 1 - start, WINDOW - 1); slot >= 0; slot--)
        if (flags[slot]! & mask) return start + slot
    }
    return null
  }

  /** Frame of the nearest row after `frame` with one of the flags in `mask`; null without one. */
  after(frame: FrameNumber, mask: number = STORED): FrameNumber | null {
    for (let index = Math.max(this.position(frame), 0); index < this.starts.length; index++) {
      const start = this.starts[index]!
      const { flags } = this.windows.get(start)!
      for (let slot = Math.max(frame + 1 - start, 0); slot < WINDOW; slot++)
        if (flags[slot]! & mask) return start + slot
    }
    return null
  }

  /** What the rows known come to; null without any. */
  summary(): Summary | null {
    const extent = this.extent()
    if (!extent) return null
    const sum = { first: extent[0], last: extent[1], keyframes: 0, predicted: 0, lowest: 1, doubtful: 0 }
    for (const start of this.starts) {
      const [, , , keyframes, predicted, , lowest, doubtful] = this.bin(start)
      sum.keyframes += keyframes
      sum.predicted += predicted
      sum.lowest = Math.min(sum.lowest, lowest)
      sum.doubtful += doubtful
    }
    return sum
  }

  /** What the window from `start` holds, as the server's overview says it. */
  bin(start: FrameNumber): Bin {
    const { flags, confidence } = this.windows.get(start)!
    const bin: { -readonly [Part in keyof Bin]: Bin[Part] } = [-1, -1, 0, 0, 0, 0, 1, 0]
    for (let slot = 0; slot < WINDOW; slot++) {
      const flag = flags[slot]!
      if (!flag) continue
      if (!bin[2]++) bin[0] = start + slot
      bin[1] = start + slot
      if (flag & Flag.keyframe) bin[3]++
      if (flag & Flag.predicted) bin[4]++
      if (flag & Flag.outside) bin[5]++
      else if (flag & Flag.predicted) bin[6] = Math.min(bin[6], confidence[slot]! / 65535)
      if (flag & Flag.doubtful) bin[7]++
    }
    return bin
  }

  /** All rows known in first..last, in order. */
  *within(first: FrameNumber, last: FrameNumber): Generator<Row> {
    for (let frame = this.after(first - 1); frame !== null && frame <= last; frame = this.after(frame))
      yield this.row(frame)!
  }

  get isEmpty(): boolean {
    return !this.starts.length
  }

  /** Whether a frame of first..last may show something: some rows lie at or before its end, and some at or after its start. */
  reaches(first: FrameNumber, last: FrameNumber): boolean {
    const { starts } = this
    return starts.length > 0 && starts[0]! <= last && starts.at(-1)! + WINDOW > first
  }

  put(row: Row): void {
    this.note()
    const slots = this.window(windowStart(row.frame))
    const slot = row.frame % WINDOW
    if (!slots.flags[slot]) slots.count++
    slots.flags[slot] = flagsOf(row)
    slots.kinds[slot] = KINDS.indexOf(row.kind)
    slots.confidence[slot] = quantised(row.confidence)
    slots.bounds.set(row.bounds, 4 * slot)
    this.setPayload(slots, slot, row.payload)
  }

  /** Put a table's rows in; with `sparingKeyframes` those whose frame has a keyframe are left out. */
  putTable(table: Table, sparingKeyframes = false): void {
    if (!table.count) return
    this.note()
    const slots = this.window(table.start)
    for (let index = 0; index < table.count; index++) {
      const slot = table.frames[index]!
      if (sparingKeyframes && slots.flags[slot]! & Flag.keyframe) continue
      if (!slots.flags[slot]) slots.count++
      slots.flags[slot] = table.flags[index]!
      slots.kinds[slot] = table.kinds[index]!
      slots.confidence[slot] = table.confidence[index]!
      slots.bounds.set(table.bounds.subarray(4 * index, 4 * index + 4), 4 * slot)
      this.setPayload(slots, slot, payloadAt(table, index))
    }
  }

  /** Remove the rows in first..last that have one of the flags in `mask`. */
  remove(first: FrameNumber, last: FrameNumber, mask: number = STORED): void {
    if (!this.reaches(first, last)) return
    this.note()
    for (const start of [...this.starts]) {
      if (start > last || start + WINDOW <= first) continue
      const slots = this.windows.get(start)!
      for (let slot = Math.max(first - start, 0); slot <= Math.min(last - start, WINDOW - 1); slot++) {
        if (slots.flags[slot]! & mask) this.clear(slots, slot)
      }
      if (!slots.count) this.drop(start)
    }
  }

  /** Forget the rows on frames of `gone`, apart from those that shapes on frames of `shown` are interpolated from. */
  forget(gone: readonly Frames[], shown: readonly Frames[]): void {
    const forgotten = this.starts.flatMap((start) => this.forgettable(start, gone, shown))
    if (!forgotten.length) return
    this.note()
    for (const frame of forgotten) this.clear(this.windows.get(windowStart(frame))!, frame % WINDOW)
    for (const start of this.starts) if (!this.windows.get(start)!.count) this.drop(start)
  }

  /** Frames of the rows in a window that `forget` forgets. */
  private forgettable(start: FrameNumber, gone: readonly Frames[], shown: readonly Frames[]): FrameNumber[] {
    const end = start + WINDOW - 1
    if (!meets(gone, start, end)) return []
    const frames: FrameNumber[] = []
    for (let frame = this.after(start - 1); frame !== null && frame <= end; frame = this.after(frame)) {
      if (!stretchOf(gone, frame)) continue
      const [before, after] = [this.before(frame) ?? -1, this.after(frame) ?? Infinity]
      if (!meets(shown, before + 1, frame - 1) && !meets(shown, frame + 1, after - 1)) frames.push(frame)
    }
    return frames
  }

  /** The frames of rows with a payload, and what it takes. */
  *weights(): Generator<readonly [FrameNumber, number]> {
    for (const [start, { payloads }] of this.windows)
      for (const [slot, payload] of payloads) yield [start + slot, payload.byteLength]
  }

  /** Windows that hold rows, in rising order. */
  get windowStarts(): readonly number[] {
    return this.starts
  }

  private window(start: number): Slots {
    let slots = this.windows.get(start)
    if (!slots) {
      slots = new Slots()
      this.windows.set(start, slots)
      this.starts.push(start)
      this.starts.sort((a, b) => a - b)
      this.changes.windows++
    }
    return slots
  }

  private setPayload(slots: Slots, slot: number, payload: Uint8Array): void {
    this.changes.bytes += payload.byteLength - (slots.payloads.get(slot)?.byteLength ?? 0)
    if (payload.byteLength) slots.payloads.set(slot, payload)
    else slots.payloads.delete(slot)
  }

  private clear(slots: Slots, slot: number): void {
    this.changes.bytes -= slots.payloads.get(slot)?.byteLength ?? 0
    slots.flags[slot] = 0
    slots.payloads.delete(slot)
    slots.count--
  }

  private note(): void {
    this.version++
    this.changes.rows++
  }

  private drop(start: number): void {
    this.note()
    this.changes.windows++
    this.windows.delete(start)
    this.starts = this.starts.filter((other) => other !== start)
  }

  /** Index of the last window that begins at or before `frame`; -1 without one. */
  private position(frame: FrameNumber): number {
    let low = 0
    let high = this.starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.starts[middle]! <= frame) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
