/**
 * A file's bytes over HTTP, in whole blocks. A request names where it ends: a server that begins to send the rest of an
 * hour of video, and is told to stop for every jump of the playhead, has no time for anything else.
 */

/** About two groups of pictures at 1280 × 720. */
export const BLOCK = 2 ** 18
/** 8 MiB. */
const MOST_BLOCKS = 32
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 8000

export class FileRanges {
  /** By number, the least recently read first. */
  private readonly blocks = new Map<number, Promise<Uint8Array>>()
  private length: Promise<number> | null = null

  constructor(
    private readonly url: string,
    private readonly get: typeof fetch = (url, init) => fetch(url, init),
    private readonly pause: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {}

  /** Bytes of the whole file. */
  size(): Promise<number> {
    this.length ??= this.answer(0, BLOCK - 1).then(async (answer) => {
      const bytes = new Uint8Array(await answer.arrayBuffer())
      const total = Number(/\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '')?.[1] ?? bytes.length)
      this.keep(0, Promise.resolve(bytes.subarray(0, BLOCK)))
      return total
    })
    return this.length
  }

  /**
   * Bytes from `start` up to, not including, `end`, which lie inside of the file. When they must be asked for, those up to
   * `until` are, too: whoever reads on will need them.
   */
  async read(start: number, end: number, until = end): Promise<Uint8Array> {
    const size = await this.size()
    const first = Math.floor(start / BLOCK)
    const last = Math.floor((end - 1) / BLOCK)
    const following = this.blocks.has(first - 1) ? last + 1 : last
    const needed = this.hasAll(first, last) ? last : Math.floor((until - 1) / BLOCK)
    this.request(first, Math.min(Math.max(following, needed), Math.ceil(size / BLOCK) - 1), size)
    const bytes = new Uint8Array(end - start)
    for (let number = first; number <= last; number++) {
      const block = await this.blocks.get(number)!
      const from = Math.max(start - number * BLOCK, 0)
      bytes.set(block.subarray(from, end - number * BLOCK), number * BLOCK + from - start)
    }
    this.forget(last - first + 2)
    return bytes
  }

  private hasAll(first: number, last: number): boolean {
    for (let number = first; number <= last; number++) if (!this.blocks.has(number)) return false
    return true
  }

  /** Ask for what isn't here of these blocks, one request for each run of them. */
  private request(first: number, last: number, size: number): void {
    for (let number = first; number <= last; number++) {
      const known = this.blocks.get(number)
      if (known) {
        this.keep(number, known)
        continue
      }
      let end = number
      while (end < last && !this.blocks.has(end + 1)) end++
      const begin = number * BLOCK
      const run = this.fetched(begin, Math.min((end + 1) * BLOCK, size))
      for (; number <= end; number++) {
        const at = number * BLOCK - begin
        this.keep(
          number,
          // A copy: a part of the run would hold all of it.
          run.then((bytes) => (bytes.length > BLOCK ? bytes.slice(at, at + BLOCK) : bytes)),
        )
      }
      number = end
    }
  }

  private async fetched(start: number, end: number): Promise<Uint8Array> {
    const answer = await this.answer(start, end - 1)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    return answer.status === 206 ? bytes : bytes.subarray(start, end)
  }

  /** What the server answers, asked again for as long as it can't be reached. */
  private async answer(first: number, last: number): Promise<Response> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const answer = await this.get(this.url, { headers: { Range: `bytes=${first}-${last}` } }).catch(
        (error: unknown) => {
          if (error instanceof TypeError) return null
          throw error
        },
      )
      if (answer?.ok) return answer
      if (answer && answer.status < 500)
        throw new Error(`The video can't be read: the server answered ${answer.status}. Reload the page.`)
      await this.pause(pause)
    }
  }

  private keep(number: number, block: Promise<Uint8Array>): void {
    this.blocks.delete(number)
    this.blocks.set(number, block)
    block.catch(() => this.blocks.delete(number))
  }

  private forget(inUse: number): void {
    for (const number of this.blocks.keys()) {
      if (this.blocks.size <= MOST_BLOCKS + inUse) return
      this.blocks.delete(number)
    }
  }
}
