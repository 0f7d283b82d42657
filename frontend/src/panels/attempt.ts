import type { Editor } from '@/editor/editor'
import { ApiError } from '@/protocol/rest'

/** Do what the server may refuse, and tell why it did. Returns whether it went well. */
export async function attempt(editor: Editor, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    editor.session.tell(error.message, 'error')
    return false
  }
}
