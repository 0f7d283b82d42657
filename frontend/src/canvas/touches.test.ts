import { beforeEach, describe, expect, it } from 'vitest'
import { Touches, type Contact } from './touches'

let touches: Touches
const finger = (id: number, x: number, more: Partial<Contact> = {}): Contact => ({
  id,
  type: 'touch',
  at: { x, y: 0 },
  size: 20,
  time: 5000,
  ...more,
})
const pen = (time: number): Contact => finger(9, 0, { type: 'pen', size: 1, time })

beforeEach(() => {
  touches = new Touches()
})

describe('one finger', () => {
  it('presses once it moves, where it came down', () => {
    expect(touches.down(finger(1, 0))).toBe('wait')
    expect([3, 10, 20].map((x) => touches.move(finger(1, x)))).toEqual([null, 'press', 'move'])
    expect(touches.up(finger(1, 20))).toBe('release')
  })

  it('that is lifted where it came down has tapped', () => {
    touches.down(finger(1, 0))
    expect(touches.up(finger(1, 1))).toBe('tap')
  })

  it('goes on drawing when another one comes', () => {
    touches.down(finger(1, 0))
    touches.move(finger(1, 20))
    expect([touches.down(finger(2, 90)), touches.move(finger(2, 95)), touches.move(finger(1, 30))]).toEqual([
      'ignored',
      null,
      'move',
    ])
  })
})

describe('two fingers', () => {
  beforeEach(() => {
    touches.down(finger(1, 0))
    expect(touches.down(finger(2, 100))).toBe('pinch')
  })

  it('move the picture between them', () => {
    expect(touches.move(finger(2, 150))).toEqual({
      before: [
        { x: 0, y: 0 },
        { x: 100, y: 0 },
      ],
      after: [
        { x: 0, y: 0 },
        { x: 150, y: 0 },
      ],
    })
    expect(touches.move(finger(1, 10))).toMatchObject({
      before: [{ x: 0 }, { x: 150 }],
      after: [{ x: 10 }, { x: 150 }],
    })
  })

  it('draw nothing, nor does the one that stays', () => {
    expect([touches.up(finger(1, 10)), touches.move(finger(2, 90)), touches.up(finger(2, 90))]).toEqual([
      null,
      null,
      null,
    ])
    expect(touches.down(finger(3, 0))).toBe('wait')
  })

  it('don’t mind a third one', () => {
    expect([touches.down(finger(3, 50)), touches.move(finger(3, 60)), touches.up(finger(3, 60))]).toEqual([
      'ignored',
      null,
      null,
    ])
  })
})

describe('a pen', () => {
  it('draws at once, while the hand that holds it rests on the screen', () => {
    expect(touches.down(pen(5000))).toBe('press')
    expect(touches.down(finger(1, 40, { time: 5300 }))).toBe('ignored')
    expect([touches.move(pen(5400)), touches.up(pen(5500))]).toEqual(['move', 'release'])
  })

  it('takes over from a hand that came down before it', () => {
    touches.down(finger(1, 0))
    expect([touches.down(pen(5000)), touches.up(finger(1, 0))]).toEqual(['press', null])
    touches.down(finger(2, 0, { time: 7000 }))
    touches.move(finger(2, 20, { time: 7000 }))
    expect([touches.down(pen(7100)), touches.move(finger(2, 30))]).toEqual(['instead', null])
  })

  it('that only hovers keeps fingers from drawing too, for a moment', () => {
    touches.move(pen(5000))
    expect([5900, 6100].map((time) => touches.down(finger(1, 0, { time })))).toEqual(['ignored', 'wait'])
  })

  it('knows a palm by its size', () => {
    expect(touches.down(finger(1, 0, { size: 90 }))).toBe('ignored')
  })
})
