/** What is said about an issue: where it is, who is called. Pure but for names that it asks the editor for. */
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { nameOf } from '@/editor/objects/name'
import type { Place } from '@/store/drafts'
import type { Comment, IssuePerson } from '@/store/issues'

/** e.g. "car 3 · frames 3–9", "a region · frame 3", "frame 3". */
export function placeInWords(
  editor: Editor,
  place: Pick<Place, 'first' | 'last' | 'track'> & { region: unknown },
): string {
  const { first, last, track, region } = place
  const frames = first === last ? t('frame {first}', { first }) : t('frames {first}–{last}', { first, last })
  if (track !== null) return `${nameOf(editor, track)} · ${frames}`
  return region ? `${t('a region')} · ${frames}` : frames
}

/** Whether the object that it is about was deleted. */
export const isObjectGone = (editor: Editor, { track }: Pick<Place, 'track'>): boolean =>
  track !== null && editor.store.records.tracks.value.get(track)?.deleted === true

/** A piece of a comment; `user`: whom it calls, null: nobody. */
export interface Piece {
  readonly text: string
  readonly user: number | null
}

/** A comment’s text in pieces, with those apart that call somebody. */
export function piecesOf({ text, mentions }: Pick<Comment, 'text' | 'mentions'>): Piece[] {
  if (!mentions.length) return [{ text, user: null }]
  const words = [...mentions].sort((a, b) => b.word.length - a.word.length)
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_.@+-])(?:${words.map(({ word }) => escaped(word)).join('|')})`, 'giu')
  const pieces: Piece[] = []
  let at = 0
  for (const { 0: found, index } of text.matchAll(pattern)) {
    if (index > at) pieces.push({ text: text.slice(at, index), user: null })
    const meant = words.find(({ word }) => word.toLowerCase() === found.toLowerCase())
    pieces.push({ text: found, user: meant?.user ?? null })
    at = index + found.length
  }
  if (at < text.length) pieces.push({ text: text.slice(at), user: null })
  return pieces
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&')

/** The call that is being typed before the caret: where its @ stands, and what is typed of the name; null: none is. */
export function callAt(text: string, caret: number): { readonly from: number; readonly typed: string } | null {
  const found = /(?<![\p{L}\p{N}_.@+-])@([\p{L}\p{N}_.+-]*)$/u.exec(text.slice(0, caret))
  return found ? { from: found.index, typed: found[1] ?? '' } : null
}

/** Whom the typed beginning of a name may mean: by username, or by any word of the name. */
export function matching(people: readonly IssuePerson[], typed: string, most = 6): IssuePerson[] {
  const begins = (text: string) => text.toLowerCase().startsWith(typed.toLowerCase())
  const fits = ({ name, username }: IssuePerson) => begins(username) || begins(name) || name.split(/\s+/).some(begins)
  return people.filter(fits).slice(0, most)
}

/** A text in which the call before the caret is completed, and where the caret is then. */
export function completed(text: string, caret: number, username: string): { text: string; caret: number } {
  const call = callAt(text, caret)
  if (!call) return { text, caret }
  const before = `${text.slice(0, call.from)}@${username} `
  return { text: before + text.slice(caret).replace(/^ /, ''), caret: before.length }
}
