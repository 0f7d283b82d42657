import { beforeEach, describe, expect, it } from 'vitest'
import { Watched } from './watched'

let watched: Watched

const show = (...frames: number[]) => frames.forEach((frame) => watched.show(frame))

beforeEach(() => {
  watched = new Watched()
})

describe('what was on screen', () => {
  it('is told once it has waited from one time to the next', () => {
    show(1, 2, 3, 9)
    watched.show(null)
    expect(watched.take()).toEqual([])
    expect(watched.take()).toEqual([
      [1, 3],
      [9, 9],
    ])
    expect(watched.take()).toEqual([])
  })

  it('is not told where something else is there meanwhile', () => {
    show(1, 2, 3, 4)
    watched.take()
    watched.changed([2, 3])
    expect(watched.take()).toEqual([
      [1, 1],
      [4, 4],
    ])
  })

  it('is what is looked at while it changes', () => {
    show(1, 2)
    watched.changed([1, 2])
    watched.take()
    expect(watched.take()).toEqual([[2, 2]])
  })

  it('is told again as long as it is looked at', () => {
    show(7)
    watched.take()
    expect(watched.take()).toEqual([[7, 7]])
    expect(watched.take()).toEqual([[7, 7]])
  })

  it('is forgotten where nobody knows what changed, but for what is looked at', () => {
    show(1, 2, 3)
    watched.take()
    watched.forget()
    watched.take()
    expect(watched.take()).toEqual([[3, 3]])
  })

  it('is told at once where the page goes', () => {
    show(1)
    watched.take()
    show(2)
    expect(watched.take(true)).toEqual([[1, 2]])
  })

  it('waits for the next message where there is too much for one, or it could not be sent', () => {
    for (let frame = 0; frame < 1200; frame += 2) watched.show(frame)
    watched.show(null)
    watched.take()
    const first = watched.take()
    expect(first).toHaveLength(500)
    watched.putBack(first)
    expect(watched.take()).toHaveLength(500)
    expect(watched.take()).toHaveLength(100)
  })
})
