import { beforeEach, expect, it } from 'vitest'
import type { Surroundings } from '@/protocol/generated'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import { nameOf } from './name'

let test: TestEditor

const tell = (changes: Partial<Surroundings>) => test.store.receive(test.bench.surroundings(changes))

beforeEach(async () => {
  test = await TestEditor.open()
})

it('a label that is renamed has its new name wherever it is shown', () => {
  test.press('N').drag([10, 10], [60, 50])
  const [track] = test.tracks
  expect(nameOf(test.editor, track!)).toBe('person')
  const labels = CONFIG.labels.map((label) => (label.id === 1 ? { ...label, name: 'pedestrian' } : label))
  tell({ labels, why: 'Ann renamed the label “person” to “pedestrian”.' })
  expect(nameOf(test.editor, track!)).toBe('pedestrian')
  expect(test.session.notice.value).toMatchObject({
    tone: 'info',
    message: 'Ann renamed the label “person” to “pedestrian”.',
  })
})

it('a label that was deleted is drawn no more: the first that fits takes its place', () => {
  test.session.activeLabel.value = 1
  tell({ labels: CONFIG.labels.filter(({ id }) => id !== 1), why: 'Ann deleted the label “person”.' })
  test.press('N').drag([10, 10], [60, 50])
  expect(test.store.records.track(test.tracks[0]!)?.label).toBe(2)
})

it('a video has its new name', () => {
  tell({ video: 'crossing.mp4' })
  expect(test.editor.config.video).toMatchObject({ name: 'crossing.mp4', width: 640 })
})

it('an archived project is only looked at, and says so', () => {
  tell({ archived: true })
  expect(test.editor.config.archived).toBe(true)
  test.press('N').drag([10, 10], [60, 50])
  expect(test.tracks).toEqual([])
  expect(test.session.notice.value?.message).toBe('This project is archived: its annotations stay as they are.')
})

it('a page whose job is removed shows the whole video, and says so', async () => {
  test = await TestEditor.open({ job: { id: 7, first: 100, last: 199, stage: 'annotation', state: 'new' } })
  expect(test.editor.bounds).toEqual([100, 199])
  tell({ job: null, why: 'The job of frames 100 to 199 of “street.mp4” was deleted by Ann.' })
  expect(test.editor.bounds).toEqual([0, 999])
  expect(test.session.notice.value?.message).toBe(
    'The job of frames 100 to 199 of “street.mp4” was deleted by Ann. You see the whole video now.',
  )
})

it('a video that has other frames now is said to be outdated, and only then', () => {
  tell({ video: 'crossing.mp4' })
  expect(test.session.outdated.value).toBe(false)
  tell({ frame_count: 990 })
  expect(test.session.outdated.value).toBe(true)
})

it('what is learnt with a connection that is back says nothing where nothing is told', () => {
  test.bench.drop()
  test.bench.connect()
  expect(test.session.notice.value).toBeNull()
})
