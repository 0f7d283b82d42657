import { beforeEach, describe, expect, it } from 'vitest'
import { TestEditor } from '@/testing/test-editor'
import { bestMatch } from './fuzzy'
import { accept, offersFor } from './palette'

let test: TestEditor
const titles = (query: string) => offersFor(test.editor, query).map(({ title }) => title)
const take = (query: string) => accept(test.editor, offersFor(test.editor, query)[0]!)

beforeEach(async () => {
  test = await TestEditor.open()
})

describe('letters of a query', () => {
  it('are found in order, at the beginnings of words rather than inside', () => {
    expect(bestMatch('nk', 'next keyframe')?.places).toEqual([0, 5])
    expect(bestMatch('key', 'next keyframe')?.places).toEqual([5, 6, 7])
    expect(bestMatch('kn', 'next keyframe')).toBeNull()
  })

  it('are worth more side by side and at the start', () => {
    const score = (text: string) => bestMatch('fit', text)!.score
    expect(score('fit')).toBeGreaterThan(score('forward in time'))
    expect(score('the fit')).toBeGreaterThan(score('shift it'))
  })
})

describe('the palette', () => {
  it('finds a command by its letters, also by what explains it', () => {
    expect(titles('undo')[0]).toBe('Undo')
    expect(titles('nk')).toContain('Next keyframe')
    expect(titles('partly hidden')).toContain('Occluded on or off')
    expect(titles('zzzz')).toEqual([])
  })

  it('finds a command by what other tools call it', () => {
    expect(titles('show trajectories')[0]).toBe('Paths')
    expect(titles('bounding box')).toContain('Box')
  })

  it('does what was chosen, and offers it first the next time', () => {
    const before = titles('')[0]
    take('next frame')
    expect(test.session.frame.value).toBe(1)
    expect([before, titles('')[0]]).toEqual(['Play or pause', 'Next frame'])
  })

  it('says why something can’t be done, and doesn’t do it', () => {
    const [keyframe] = offersFor(test.editor, 'keyframe on or off')
    expect(keyframe?.why).toBe('Select an object first.')
    accept(test.editor, keyframe!)
    expect(test.editor.recent.value).toEqual([])
  })

  it('goes to a frame that is written as a number, within the video', () => {
    take('500')
    expect(test.session.frame.value).toBe(500)
    expect(offersFor(test.editor, '5000')[0]?.why).toContain('999')
  })

  it('gives labels by name', () => {
    take('label: car')
    expect(test.session.activeLabel.value).toBe(2)
  })

  it('goes to a track by its number, the very number first', () => {
    const tracks = [1, 2].map(() => test.given({ 40: [0, 0, 10, 10] }))
    const edits = test.sent('edit')
    edits.forEach((edit, index) => test.bench.acknowledge(edit, { [tracks[index]!]: [120, 12][index]! }))
    expect(titles('12').filter((title) => title.includes('person'))).toEqual(['Go to person 12', 'Go to person 120'])
    take('go to track 12')
    expect([test.selection, test.session.frame.value]).toEqual([[tracks[1]], 40])
  })
})
