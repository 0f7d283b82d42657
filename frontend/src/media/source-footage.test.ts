import { describe, expect, it } from 'vitest'
import { groupsOf, parsePackets, SourceFootage } from './source-footage'

/** The file that a server sends: see SourceMap.packed in annotator/media/source_map.py. */
function packed(packets: readonly (readonly [frame: number, key: boolean])[]): ArrayBuffer {
  const head = { codec: 'vp8', description: '', matrix: 'bt709', fullRange: false, packets: packets.length }
  let text = JSON.stringify({ ...head, orientation: { turns: 1, mirrored: true } })
  text += ' '.repeat((8 - ((4 + text.length) % 8)) % 8)
  const at = 4 + text.length
  const data = new ArrayBuffer(at + 17 * packets.length)
  new DataView(data).setUint32(0, text.length, true)
  new Uint8Array(data, 4, text.length).set(new TextEncoder().encode(text))
  packets.forEach(([frame, key], index) => {
    new DataView(data).setFloat64(at + 8 * index, 1000 * index, true)
    new DataView(data).setInt32(at + 8 * packets.length + 4 * index, frame, true)
    new DataView(data).setUint32(at + 12 * packets.length + 4 * index, 100 + index, true)
    new Uint8Array(data)[at + 16 * packets.length + index] = Number(key)
  })
  return data
}

const groups = (packets: readonly (readonly [frame: number, key: boolean])[]) =>
  groupsOf(parsePackets(packed(packets))).map(({ first, last, start, end }) => [first, last, start, end])

describe('a list of packets', () => {
  it('tells where each lies, which frame it shows and where a decoder may begin', () => {
    const table = parsePackets(packed([[0, true], [2, false], [1, false]])) // prettier-ignore
    expect([...table.offsets]).toEqual([0, 1000, 2000])
    expect([...table.frames]).toEqual([0, 2, 1])
    expect([...table.sizes]).toEqual([100, 101, 102])
    expect([...table.keys]).toEqual([1, 0, 0])
    expect(table.head.orientation).toEqual({ turns: 1, mirrored: true })
  })

  it('is divided where a decoder may begin', () => {
    expect(groups([[0, true], [2, false], [1, false], [3, true], [4, false]])).toEqual([[0, 2, 0, 3], [3, 4, 3, 5]]) // prettier-ignore
  })

  it('is not divided where a frame of before is still to come', () => {
    expect(groups([[0, true], [3, false], [2, true], [1, false], [4, true]])).toEqual([[0, 3, 0, 4], [4, 4, 4, 5]]) // prettier-ignore
  })

  it('begins a group with pictures that an edit list hides, and leaves out groups of nothing else', () => {
    expect(groups([[-1, true], [-1, false], [-1, true], [-1, false], [0, false], [1, false], [2, true], [-1, true]])).toEqual([[0, 1, 2, 6], [2, 2, 6, 7]]) // prettier-ignore
  })
})

describe('a source', () => {
  const footage = new SourceFootage(
    parsePackets(packed([[0, true], [2, false], [1, false], [3, true], [5, false], [4, false]])), // prettier-ignore
    { read: () => Promise.resolve(new Uint8Array()) },
  )

  it('tells the group of each frame, and how far in it is', () => {
    expect([0, 1, 2, 3, 4, 5].map((frame) => footage.groupOf(frame).first)).toEqual([0, 0, 0, 3, 3, 3])
    expect([0, 1, 2, 3, 4, 5].map((frame) => footage.packetsBefore(frame))).toEqual([0, 2, 1, 0, 2, 1])
  })
})
