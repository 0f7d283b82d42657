import { beforeEach, describe, expect, it } from 'vitest'
import { BLOCK, FileRanges } from './ranges'

const FILE = new Uint8Array(10 * BLOCK + 100).map((_, index) => (index * 7 + (index >> 18)) % 251)

let asked: [number, number][]
let pauses: number[]
let answers: (() => Response)[]
let file: FileRanges

function ranged(first: number, last: number): Response {
  const bytes = FILE.slice(first, last + 1)
  return new Response(bytes, {
    status: 206,
    headers: { 'Content-Range': `bytes ${first}-${first + bytes.length - 1}/${FILE.length}` },
  })
}

beforeEach(() => {
  asked = []
  pauses = []
  answers = []
  const get = (_: unknown, init?: RequestInit): Promise<Response> => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('Range')!)!
    asked.push([Number(first), Number(last)])
    return Promise.resolve().then(() => answers.shift()?.() ?? ranged(Number(first), Number(last)))
  }
  file = new FileRanges('/proxy.mp4', get, (ms) => Promise.resolve(void pauses.push(ms)))
})

const blocks = () => asked.map(([first, last]) => [first / BLOCK, (last + 1) / BLOCK])
const expectBytes = (bytes: Uint8Array, start: number, end: number) =>
  expect(Buffer.compare(bytes, FILE.subarray(start, end))).toBe(0)

describe('bytes of a file', () => {
  it('are those asked for, within a block, across several, and at the end', async () => {
    for (const [start, end] of [
      [5, 9],
      [BLOCK - 3, 3 * BLOCK + 7],
      [FILE.length - 50, FILE.length],
    ] as const)
      expectBytes(await file.read(start, end), start, end)
    expect(await file.size()).toBe(FILE.length)
  })

  it('come in whole blocks, those in a row by one request that names its end', async () => {
    await file.size()
    await file.read(3 * BLOCK + 10, 5 * BLOCK + 10)
    expect(blocks()).toEqual([
      [0, 1],
      [3, 6],
    ])
  })

  it('that are here are not asked for again', async () => {
    await file.read(4 * BLOCK, 4 * BLOCK + 10)
    asked = []
    await file.read(4 * BLOCK + 100, 5 * BLOCK)
    expectBytes(await file.read(3 * BLOCK + 1, 5 * BLOCK), 3 * BLOCK + 1, 5 * BLOCK)
    expect(blocks()).toEqual([[3, 4]])
  })

  it('are asked for ahead where they are read one after the other', async () => {
    await file.read(4 * BLOCK, 4 * BLOCK + 10)
    await file.read(5 * BLOCK, 5 * BLOCK + 10)
    expect(blocks()).toEqual([
      [0, 1],
      [4, 5],
      [5, 7],
    ])
  })

  it('are taken from the whole file where the server knows no ranges', async () => {
    answers = [() => new Response(FILE)]
    expect(await file.size()).toBe(FILE.length)
    answers = [() => new Response(FILE)]
    expectBytes(await file.read(2 * BLOCK, 2 * BLOCK + 9), 2 * BLOCK, 2 * BLOCK + 9)
  })

  it('are asked for until the server can be reached again', async () => {
    const unreachable = () => {
      throw new TypeError('Failed to fetch')
    }
    answers = [unreachable, () => new Response('', { status: 503 })]
    expectBytes(await file.read(0, 10), 0, 10)
    expect(pauses).toEqual([250, 500])
  })

  it('that the server refuses are an error, and may be asked for once more', async () => {
    await file.size()
    answers = [() => new Response('', { status: 403 })]
    await expect(file.read(2 * BLOCK, 2 * BLOCK + 9)).rejects.toThrow('the server answered 403')
    expectBytes(await file.read(2 * BLOCK, 2 * BLOCK + 9), 2 * BLOCK, 2 * BLOCK + 9)
  })
})
