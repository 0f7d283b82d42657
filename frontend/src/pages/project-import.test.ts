import { expect, test } from 'vitest'
import { ApiError } from '@/protocol/rest'
import { FakeRest } from '@/testing/fakes'
import { Imports } from './project-import'

const FILE = new File(['x'], 'project.zip')
const NOTHING = { tracks: 0, shapes: 0, losses: [], notes: [], left_out: { count: 0, rows: [] }, videos: [] }
const BAD_ROW = { count: 1, rows: [{ where: 'track 3, frame 5', why: 'A polygon has at least 3 vertices; 2 came.' }] }

/** Imports fail because of a row, unless such rows are left out. */
class FakeTransfers extends FakeRest {
  readonly sent: [string, Record<string, unknown>][] = []

  constructor(refusal = '') {
    super()
    this.answer = (_, address, body) => {
      const fields = Object.fromEntries((body as FormData).entries())
      this.sent.push([address, fields])
      if (refusal) throw new ApiError(refusal, 403)
      const state = fields.leave_out === 'true' ? 'done' : 'failed'
      const report = { ...NOTHING, left_out: BAD_ROW }
      return { id: '1', kind: 'import', state, progress: 1, message: '', file: '', file_name: 'project.zip', report }
    }
  }
}

test('a file goes to the project with what was chosen', async () => {
  const rest = new FakeTransfers()
  const imports = new Imports(rest, 7)
  imports.format.value = 'mot'
  await imports.bring(FILE, { createLabels: true, leaveOut: false })
  expect(rest.sent).toEqual([
    ['/api/projects/7/imports', { file: FILE, format: 'mot', create_labels: 'true', leave_out: 'false' }],
  ])
})

test('a file that a row refuses is imported again without it, and keeps what else was chosen', async () => {
  const rest = new FakeTransfers()
  const imports = new Imports(rest, 7)
  imports.how.value = { createLabels: true, leaveOut: false }
  await imports.bring(FILE)
  expect(imports.transfer.value?.state).toBe('failed')
  await imports.bringRest()
  expect(imports.transfer.value?.state).toBe('done')
  expect(rest.sent[1]?.[1]).toEqual({ file: FILE, format: 'cvat', create_labels: 'true', leave_out: 'true' })
})

test('a refusal is shown in the server’s words', async () => {
  const imports = new Imports(new FakeTransfers('Making labels needs the role manager.'), 7)
  await imports.bring(FILE)
  expect(imports.problem.value).toBe('Making labels needs the role manager.')
})
