import * as fake from 'fake-indexeddb'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Edit } from '@/protocol/generated'
import { IndexedEdits } from './indexed-edits'

const edit = (id: string): Edit => ({ type: 'edit', id, operations: [], base: 1, summary: id })
const ids = async (edits: IndexedEdits) => (await edits.load()).map(({ id }) => id)

beforeEach(() => {
  for (const [name, value] of Object.entries(fake)) if (name.startsWith('IDB')) vi.stubGlobal(name, value)
  vi.stubGlobal('indexedDB', new fake.IDBFactory())
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('edits outlive the page, in the order in which they were made', async () => {
  const page = new IndexedEdits('1/1')
  // Not in the order of their ids, and within one millisecond.
  await Promise.all(['c', 'a', 'b'].map((id) => page.put(edit(id))))
  await page.remove('a')
  const next = new IndexedEdits('1/1')
  expect(await next.load()).toEqual([edit('c'), edit('b')])
  vi.setSystemTime(Date.now() + 1)
  await next.put(edit('a'))
  expect(await ids(new IndexedEdits('1/1'))).toEqual(['c', 'b', 'a'])
})

it('people and layers are apart, and so are edits that were refused', async () => {
  const keys = ['1/1', '1/2', '2/1', '1/1/refused', '1/10']
  for (const key of keys) await new IndexedEdits(key).put(edit(key))
  for (const key of keys) expect(await ids(new IndexedEdits(key))).toEqual([key])
})

it('what an older page left behind is read as it is', async () => {
  const request = indexedDB.open('framewise', 1)
  await new Promise<void>((resolve) => {
    request.onupgradeneeded = () => {
      request.result.createObjectStore('edits', { keyPath: 'id' }).createIndex('order', ['key', 'order'])
    }
    request.onsuccess = () => {
      const { result } = request
      const edits = result.transaction('edits', 'readwrite').objectStore('edits')
      edits.put({ id: 'old', key: '1/1', order: [5, 0], edit: edit('old') }).onsuccess = () => {
        result.close()
        resolve()
      }
    }
  })
  expect(await ids(new IndexedEdits('1/1'))).toEqual(['old'])
})

it('a newer page that changes the database is let through, and this one says that it can keep no more', async () => {
  const old = new IndexedEdits('1/1')
  await old.put(edit('a'))
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open('framewise', 2)
    request.onblocked = () => reject(new Error('The older page holds on to it.'))
    request.onsuccess = () => resolve()
  })
  await expect(old.put(edit('b'))).rejects.toThrow()
})

it('a database that could not be opened is tried again', async () => {
  const open = vi.spyOn(indexedDB, 'open').mockImplementationOnce(() => {
    throw new DOMException('Not in this window', 'SecurityError')
  })
  const edits = new IndexedEdits('1/1')
  await expect(edits.load()).rejects.toThrow('Not in this window')
  await edits.put(edit('a'))
  expect(await ids(edits)).toEqual(['a'])
  open.mockRestore()
})
