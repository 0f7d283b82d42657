import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { frameOf, stampOf, type Footage, type Group } from './packets'
import { PartDecoder } from './part-decoder'

const GROUP = 10

/** What the decoder was told, in order: frames, and where it began anew. */
let told: string[]
/** Frames whose pictures never come out. */
let lost: Set<number>

/** Lets pictures out one task later, two packets behind until it is flushed, as with frames that refer to later ones. */
class FakeDecoder extends EventTarget {
  decodeQueueSize = 0
  private held: number[] = []
  private resets = 0
  constructor(private readonly init: { output: (picture: unknown) => void }) {
    super()
  }
  configure(): void {
    told.push('begin')
  }
  reset(): void {
    this.resets++
    this.held = []
    this.decodeQueueSize = 0
  }
  decode({ timestamp }: { timestamp: number }): void {
    told.push(String(frameOf(timestamp)))
    this.decodeQueueSize++
    const { resets } = this
    setTimeout(() => {
      if (resets !== this.resets) return
      this.decodeQueueSize--
      this.held.push(timestamp)
      if (this.held.length > 2) this.out(this.held.shift()!)
      this.dispatchEvent(new Event('dequeue'))
    })
  }
  async flush(): Promise<void> {
    while (this.decodeQueueSize) await new Promise((resolve) => setTimeout(resolve))
    for (const timestamp of this.held.splice(0)) this.out(timestamp)
  }
  private out(timestamp: number): void {
    if (!lost.has(frameOf(timestamp))) this.init.output({ timestamp, close: () => undefined })
  }
}

const FOOTAGE: Footage = {
  config: { codec: 'vp8' },
  groupOf: (frame): Group => ({ first: frame - (frame % GROUP), last: frame - (frame % GROUP) + GROUP - 1 }),
  packetsBefore: (frame) => frame % GROUP,
  async *packets({ first, last }) {
    for (let frame = first; frame <= last; frame++) {
      await Promise.resolve()
      yield { timestamp: stampOf(frame) } as EncodedVideoChunk
    }
  },
}

beforeEach(() => {
  told = []
  lost = new Set()
  vi.stubGlobal('VideoDecoder', FakeDecoder)
})
afterEach(() => {
  vi.unstubAllGlobals()
})

function begun() {
  const came: number[] = []
  const decoder = new PartDecoder(FOOTAGE, (frame) => {
    came.push(frame)
    return null
  })
  told = []
  return { decoder, came }
}

const always = () => true
const to = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => String(first + index))

describe('decoding a run of frames', () => {
  it('begins with its group, and gives all of it over a border', async () => {
    const { decoder, came } = begun()
    expect(await decoder.decode({ first: 8, last: 12 }, always)).toBe(true)
    expect(told.slice(0, 10)).toEqual(to(0, 9))
    expect(came).toEqual(expect.arrayContaining([8, 9, 10, 11, 12]))
  })

  it('goes on where the last one ended when that is on the way', async () => {
    const { decoder } = begun()
    await decoder.decode({ first: 0, last: 2 }, always)
    await decoder.decode({ first: 6, last: 7 }, always)
    expect(told.filter((what) => what === 'begin')).toEqual([])
    expect(told).toEqual(to(0, told.length - 1))
  })

  it('begins anew for frames that have passed, and lets go of what the decoder holds', async () => {
    const { decoder, came } = begun()
    await decoder.decode({ first: 0, last: 1 }, always)
    came.length = told.length = 0
    await decoder.decode({ first: 1, last: 1 }, always)
    expect(told.slice(0, 3)).toEqual(['begin', '0', '1'])
    expect(came.slice(0, 2)).toEqual([0, 1])
  })

  it('ends when it is told to', async () => {
    const { decoder, came } = begun()
    expect(await decoder.decode({ first: 0, last: 9 }, () => came.length < 2)).toBe(false)
    expect(came.length).toBeLessThan(6)
  })

  it('fails where a frame gives no picture', async () => {
    lost.add(4)
    await expect(begun().decoder.decode({ first: 3, last: 5 }, always)).rejects.toThrow('no picture of frame 4')
  })

  it('takes no notice of pictures that are lost elsewhere', async () => {
    lost.add(4)
    const { decoder, came } = begun()
    expect(await decoder.decode({ first: 5, last: 6 }, always)).toBe(true)
    expect(came).toEqual(expect.arrayContaining([5, 6]))
  })
})
