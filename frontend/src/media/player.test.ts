import { describe, expect, it } from 'vitest'
import { Switching } from './player'
import type { Picture, Player, Way } from './types'

const PICTURE = {} as Picture

/** A player that shows what the test has come. */
class FakePlayer implements Player {
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  readonly asked: number[] = []
  here: number | null = null
  disposed = false

  constructor(
    readonly kind: Way,
    readonly fail: () => void,
  ) {}

  show(frame: number): void {
    this.asked.push(frame)
  }
  prefetch(): void {
    // Nothing is decoded here.
  }
  peek(frame: number): Picture | null {
    return frame === this.here ? PICTURE : null
  }
  dispose(): void {
    this.disposed = true
  }
  comes(frame: number): void {
    this.here = frame
    this.onFrame(frame, PICTURE)
  }
}

function begun(ways: readonly Way[], proxyReady: boolean) {
  const made: FakePlayer[] = []
  const shown: number[] = []
  const player = new Switching(ways, proxyReady, (way, onFailed) => {
    made.push(new FakePlayer(way, onFailed))
    return made.at(-1)!
  })
  player.onFrame = (frame) => shown.push(frame)
  return { player, made, shown }
}

const ALL: Way[] = ['proxy', 'source', 'images']

describe('where pictures come from', () => {
  it.each([
    [ALL, true, 'proxy'],
    [ALL, false, 'source'],
    [['proxy', 'images'], false, 'images'],
    [['images'], true, 'images'],
  ] as [Way[], boolean, Way][])('is, of %s with a proxy: %s, %s', (ways, proxyReady, kind) => {
    expect(begun(ways, proxyReady).player.kind).toBe(kind)
  })

  it('changes to the proxy once that has the very frame that is asked for', () => {
    const { player, made, shown } = begun(ALL, false)
    player.show(5)
    made[0]!.comes(5)
    player.proxyArrived()
    player.show(6)
    made[1]!.comes(5)
    expect([player.kind, shown]).toEqual(['source', [5]])
    made[0]!.comes(6)
    made[1]!.comes(6)
    expect([player.kind, shown]).toEqual(['proxy', [5, 6, 6]])
    expect(made.map(({ disposed }) => disposed)).toEqual([true, false])
    expect(made[1]!.asked).toEqual([5, 6])
  })

  it('finds pictures in the one that is there and in the one that comes', () => {
    const { player, made } = begun(ALL, false)
    player.show(5)
    made[0]!.comes(5)
    player.proxyArrived()
    made[1]!.here = 7
    expect([5, 6, 7].map((frame) => player.peek(frame) !== null)).toEqual([true, false, true])
  })

  it('is what is next when one fails, at the first picture of any frame', () => {
    const { player, made, shown } = begun(ALL, true)
    player.show(5)
    made[0]!.fail()
    player.show(6)
    made[1]!.comes(5)
    expect([player.kind, shown]).toEqual(['source', [5]])
    made[1]!.fail()
    made[2]!.comes(6)
    expect([player.kind, shown]).toEqual(['images', [5, 6]])
    expect(made.map(({ disposed }) => disposed)).toEqual([true, true, false])
  })

  it('stays where it is when the proxy can not be decoded', () => {
    const { player, made, shown } = begun(ALL, false)
    player.show(5)
    made[0]!.comes(5)
    player.proxyArrived()
    made[1]!.fail()
    made[0]!.comes(6)
    expect([player.kind, shown, made.length]).toEqual(['source', [5, 6], 2])
    expect(made.map(({ disposed }) => disposed)).toEqual([false, true])
  })

  it('is not the proxy a second time', () => {
    const { player, made } = begun(ALL, true)
    made[0]!.fail()
    player.proxyArrived()
    expect(made.map(({ kind }) => kind)).toEqual(['proxy', 'source'])
  })
})
