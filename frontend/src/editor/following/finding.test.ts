import { beforeEach, describe, expect, it } from 'vitest'
import { CONFIG } from '@/testing/fakes'
import { TestEditor } from '@/testing/test-editor'
import { chosenFinder, labelOfClass } from './finding'

const [SPOTTING] = CONFIG.finders
const numbered = (tracks: readonly string[]) => Object.fromEntries(tracks.map((track) => [track, track.charCodeAt(0)]))
const other = (more: object) => ({ ...SPOTTING!, id: 'other', default: false, ...more })

describe('The detector', () => {
  it('is the chosen one where that is ready, else the default, else any', () => {
    const away = { available: false, why: 'Needs yolox_tiny.onnx.' }
    expect(chosenFinder([SPOTTING!, other({})], 'other')?.id).toBe('other')
    expect(chosenFinder([SPOTTING!, other(away)], 'other')?.id).toBe('spotting')
    expect(chosenFinder([other({}), SPOTTING!], null)?.id).toBe('spotting')
    expect(chosenFinder([{ ...SPOTTING!, ...away }, other({})], null)?.id).toBe('other')
    expect(chosenFinder([{ ...SPOTTING!, ...away }], null)).toBeNull()
  })
})

describe('A class', () => {
  const labels = [
    { ...CONFIG.labels[0]!, id: 1, name: 'Person', geometry_kinds: ['box' as const] },
    { ...CONFIG.labels[0]!, id: 2, name: 'lane', geometry_kinds: ['polyline' as const] },
    { ...CONFIG.labels[0]!, id: 3, name: 'vehicle', geometry_kinds: ['box' as const] },
  ]

  it('becomes the label of its name, if that may be a box', () => {
    expect(labelOfClass('person', labels, {})?.id).toBe(1)
    expect(labelOfClass('lane', labels, {})).toBeNull()
    expect(labelOfClass('dog', labels, {})).toBeNull()
  })

  it('becomes what was said of it, which may be nothing', () => {
    expect(labelOfClass('car', labels, { car: 3 })?.id).toBe(3)
    expect(labelOfClass('person', labels, { person: null })).toBeNull()
    expect(labelOfClass('person', labels, { person: 99 })?.id).toBe(1)
  })
})

describe('Detect and track', () => {
  let test: TestEditor
  const named = (name: string) => [{ ...CONFIG.labels[0]!, name, geometry_kinds: ['box' as const] }]

  beforeEach(async () => {
    test = await TestEditor.open({ labels: named('car') })
  })

  it('looks from this frame on, without a prompt', () => {
    test.session.frame.value = 20
    test.press('Shift+D')
    expect(test.sent('run.start')).toMatchObject([
      {
        prompts: [],
        first: 20,
        last: 999,
        direction: 'forward',
        options: { find: { finder: 'spotting', every: 10, labels: { car: 1 }, region: null, least_frames: 15 } },
      },
    ])
  })

  it('links what is found, where the person chose that, and looks at every frame for it', () => {
    const { findSettings } = test.editor
    findSettings.linked.value = 'chains'
    findSettings.every.value = 4
    test.press('Shift+D')
    findSettings.linkEvery.value = 2
    test.press('Shift+D')
    findSettings.linked.value = 'unknown by now'
    test.press('Shift+D')
    expect(test.sent('run.start').map(({ options }) => options?.find)).toMatchObject([
      { linked: 'chains', every: 1 },
      { linked: 'chains', every: 2 },
      { linked: null, every: 4 },
    ])
  })

  it('has masks carried by the model that was chosen, or by the first that is ready, where what links wants some', () => {
    const { finding, findSettings } = test.editor
    findSettings.linked.value = 'chains'
    test.press('Shift+D')
    findSettings.linked.value = 'mcbyte'
    expect([finding.carriers.map(({ id }) => id), finding.carrier?.id]).toEqual([['masks'], 'masks'])
    test.press('Shift+D')
    expect(test.sent('run.start').map(({ options }) => options?.find)).toMatchObject([
      { linked: 'chains', mask_model: null },
      { linked: 'mcbyte', mask_model: 'masks' },
    ])
  })

  it('looks where, how often and how sure the person says', () => {
    const { finding, findSettings } = test.editor
    findSettings.every.value = 4
    findSettings.confidence.value = 0.6
    test.command('tool.region').drag([10, 20], [210, 120])
    expect([finding.region.value, test.session.tool.value]).toEqual([[10, 20, 210, 120], 'select'])
    test.press('Shift+D')
    expect(test.sent('run.start')).toMatchObject([
      { options: { find: { every: 4, confidence: 0.6, region: [10, 20, 210, 120] } } },
    ])
    test.command('tool.region').click(50, 50)
    expect(finding.region.value).toBeNull()
  })

  it('asks what classes become where none has the name of a label', async () => {
    test = await TestEditor.open({ labels: named('vehicle') })
    test.press('Shift+D')
    expect([test.editor.finding.mapping.value, test.sent('run.start')]).toEqual(['then find', []])
  })

  it('asks what words become that are new, and looks for them then', async () => {
    const naming = { ...SPOTTING!, id: 'naming', classes: [], by_word: true }
    test = await TestEditor.open({ labels: named('cone'), finders: [naming] })
    test.press('Shift+D')
    expect(test.session.notice.value?.message).toContain('Type what to look for')
    test.editor.findSettings.words.value = 'cone, road sign'
    test.press('Shift+D')
    expect([test.editor.finding.mapping.value, test.sent('run.start')]).toEqual(['then find', []])
    test.bench.rest.answer = () => ({ labels: { 'road sign': null } })
    await test.editor.finding.say({ 'road sign': null })
    test.press('Shift+D')
    expect(test.sent('run.start').map(({ options }) => options?.find?.labels)).toEqual([{ cone: 1 }, { cone: 1 }])
  })

  it('says which detector to get where none is ready', async () => {
    const away = { ...SPOTTING!, available: false, why: 'Needs a.onnx.', command: 'framewise weights download a' }
    test = await TestEditor.open({ finders: [away] })
    test.press('Shift+D')
    expect(test.session.notice.value?.message).toContain('on the page Neural networks')
    expect(test.sent('run.start')).toEqual([])
  })

  it('goes along with boxes that are tracked, if wanted', () => {
    test.given({ 0: [100, 100, 200, 200] })
    test.press('T')
    test.bench.run({ id: test.sent('run.start')[0]!.id, state: 'stopped' })
    test.editor.findSettings.whileTracking.value = true
    test.press('T')
    const finds = test.sent('run.start').map((message) => (message as { options?: { find?: object | null } }).options)
    expect(finds.map((options) => options?.find ?? null)).toMatchObject([null, { finder: 'spotting' }])
  })
})

describe('What a run found', () => {
  let test: TestEditor
  beforeEach(async () => {
    test = await TestEditor.open()
  })

  const find = (...tracks: string[]) => {
    const created = tracks.map(
      (track) => ({ op: 'track.create', track, fields: { label: 1, candidate: true } }) as const,
    )
    test.bench.announce(created, { kind: 'run', author: 1, run: 'run', numbers: numbered(tracks) })
  }
  const there = () => test.editor.list.shown.value.map(({ id }) => id)

  it('is taken back in one step, with the run that goes on to find more', () => {
    test.bench.run({ id: 'run', tracks: [] })
    find('a')
    find('b', 'c')
    test.press('Ctrl+Z')
    expect([there(), test.sent('run.stop')]).toMatchObject([[], [{ run: 'run' }]])
    test.press('Ctrl+Y')
    expect(there()).toHaveLength(3)
  })

  it('is a candidate, taken and dismissed one after the other by one key each, and undone', () => {
    find('a', 'b')
    const candidates = () => test.editor.list.candidates.value.map(({ id }) => id)
    expect(candidates()).toEqual(['a', 'b'])
    // None is on this frame: it isn't decided unseen.
    test.press('Shift+Y')
    expect([candidates(), test.selection]).toEqual([['a', 'b'], ['a']])
    test.press('Shift+Y')
    expect([candidates(), test.selection]).toEqual([['b'], ['b']])
    expect(test.session.notice.value?.message).toContain('Took person')
    test.press('Shift+Q')
    expect([candidates(), there()]).toEqual([[], ['a']])
    test.press('Ctrl+Z').press('Ctrl+Z')
    expect(candidates()).toEqual(['a', 'b'])
  })
})

describe('A candidate on this frame', () => {
  it('is taken without being selected first, before those on others', async () => {
    const test = await TestEditor.open()
    const [far, here] = [test.given({ 20: [0, 0, 10, 10], 30: [0, 0, 10, 10] }), test.given({ 0: [0, 0, 10, 10] })]
    test.store.transact('Given', (tx) => [far, here].forEach((track) => tx.updateTrack(track, { candidate: true })))
    test.session.select()
    test.press('Shift+Y')
    expect(test.editor.list.candidates.value.map(({ id }) => id)).toEqual([far])
    expect([test.selection, test.session.frame.value]).toEqual([[far], 20])
  })
})

describe('A preview', () => {
  let test: TestEditor
  const seen = (label: string, confidence: number, x: number) => ({
    label,
    confidence,
    box: [x, 0, x + 10, 10] as const,
    same: [],
  })
  const fates = () => test.editor.finding.preview.shownOn(20).map(({ seen: { label }, fate }) => `${label} ${fate}`)

  beforeEach(async () => {
    test = await TestEditor.open({ labels: [{ ...CONFIG.labels[0]!, name: 'car', geometry_kinds: ['box'] }] })
    test.session.frame.value = 20
    test.bench.rest.answer = (method) =>
      method === 'delete'
        ? null
        : {
            state: 'done',
            model: 'spotting',
            frame: 20,
            least: 0.05,
            left_out: 0,
            seen: [seen('car', 0.9, 0), seen('car', 0.4, 300), seen('dog', 0.3, 100)],
          }
    test.press('Alt+Shift+D')
    await new Promise((resolve) => setTimeout(resolve))
  })

  it('shows what becomes of what is on this frame, as the settings are by now', () => {
    expect(fates()).toEqual(['car found', 'car found', 'dog class'])
    test.editor.findSettings.confidence.value = 0.5
    expect(fates()).toEqual(['car found', 'car unsure', 'dog class'])
    test.editor.findSettings.confidence.value = null
    test.editor.finding.region.value = [200, 0, 400, 50]
    expect(fates()).toEqual(['car outside', 'car found', 'dog class'])
    expect(test.editor.finding.preview.shownOn(21)).toEqual([])
    expect(test.tracks).toEqual([])
  })

  it('is asked for once more where less sure objects are wanted than were told', () => {
    expect(test.editor.finding.preview.isFresh).toBe(true)
    test.editor.findSettings.confidence.value = 0
    expect(test.editor.finding.preview.isFresh).toBe(false)
  })

  it('is asked for once more where other words are typed', async () => {
    const naming = { ...SPOTTING!, classes: [], by_word: true }
    const asked: object[] = []
    test = await TestEditor.open({ finders: [naming] })
    test.editor.findSettings.words.value = 'road sign, cone'
    test.bench.rest.answer = (_, __, body) => {
      if (body) asked.push(body)
      return { state: 'done', model: 'spotting', frame: 0, least: 0.05, seen: [] }
    }
    test.press('Alt+Shift+D')
    await new Promise((resolve) => setTimeout(resolve))
    expect(asked).toMatchObject([{ finder: 'spotting', words: ['road sign', 'cone'] }])
    expect(test.editor.finding.preview.isFresh).toBe(true)
    test.editor.findSettings.words.value = 'cone'
    expect(test.editor.finding.preview.isFresh).toBe(false)
  })

  it('goes by the same key', () => {
    test.press('Alt+Shift+D')
    expect([fates(), test.editor.finding.preview.isOpen.value]).toEqual([[], false])
  })
})
