/** What the command palette offers for a query: commands, labels, tracks by number, frames; best first. */
import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import { chooseLabel, keyOfLabel } from '@/editor/commands/tracks'
import type { Editor } from '@/editor/editor'
import { bestMatch, type Match } from './fuzzy'

export interface Offer {
  readonly id: string
  readonly title: string
  /** Places in `title` that the query met. */
  readonly places: readonly number[]
  /** What kind of thing it is. */
  readonly group: string
  readonly key: string
  /** Why it can't be done now; empty: it can. */
  readonly why: string
  readonly run: () => void
}

const MOST = 40
const MOST_TRACKS = 12
const RECENT_KEPT = 8
/** Who was used of late goes first among those that match about as well. */
const RECENT_BONUS = 6
/** A word in the sentence that explains a command counts less than its name. */
const EXPLAINED = 1
/** Of the same rank, what can't be done comes last. */
const UNABLE = -3

export function offersFor(editor: Editor, query: string, most = MOST): Offer[] {
  const words = query.trim().toLowerCase()
  const frame = /^\d+$/.test(words) ? [frameOffer(editor, Number(words))] : []
  return [...frame, ...commandOffers(editor, words), ...trackOffers(editor, words)].slice(0, most)
}

/** Do what was offered; a command is remembered. */
export function accept(editor: Editor, offer: Offer): void {
  if (offer.why) return
  if (editor.commands.has(offer.id))
    editor.recent.value = [offer.id, ...editor.recent.value.filter((id) => id !== offer.id)].slice(0, RECENT_KEPT)
  offer.run()
}

function commandOffers(editor: Editor, words: string): Offer[] {
  const recent = editor.recent.value
  const { commands } = editor
  const all = [
    ...commands.all.filter(isOffered).map((command) => commandOffer(editor, command)),
    ...labelOffers(editor),
  ]
  const ranked = all.flatMap((offer) => {
    const match = words
      ? (bestMatch(words, offer.title.toLowerCase()) ?? explained(offer, words))
      : { score: 0, places: [] }
    if (!match) return []
    const used = recent.indexOf(offer.id)
    const bonus = used < 0 ? 0 : RECENT_BONUS + (RECENT_KEPT - used) / RECENT_KEPT
    return [{ offer: { ...offer, places: match.places }, rank: match.score + bonus + (offer.why ? UNABLE : 0) }]
  })
  // Without a query the registry's order says more than whether something can be done just now.
  return (words || recent.length ? ranked.sort((a, b) => b.rank - a.rank) : ranked).map(({ offer }) => offer)
}

/** Labels are offered by name, and the palette not in itself. */
const isOffered = ({ id }: Command) => !/^label\.\d$/.test(id) && id !== 'view.palette'

function commandOffer(editor: Editor, command: Command): Offer & { help: string } {
  const able = !command.when || command.when(editor)
  return {
    id: command.id,
    title: t(command.label),
    help: `${t(command.group)} ${t(command.help)} ${command.synonyms ?? ''}`,
    places: [],
    group: t(command.group),
    key: editor.keymap.shown(command.id),
    why: able ? '' : t(command.needs ?? 'This can’t be done right now.'),
    run: () => editor.perform(command),
  }
}

function labelOffers(editor: Editor): Offer[] {
  if (!editor.config.can_edit) return []
  return editor.config.labels.map((label, index) => ({
    id: `label:${label.id}`,
    title: t('Label: {name}', { name: label.name }),
    places: [],
    group: t('Labels'),
    key: index < 9 || label.hotkey ? keyOfLabel(editor, label, index) : '',
    why: '',
    run: () => chooseLabel(editor, label),
  }))
}

function explained(offer: Offer & { help?: string }, words: string): Match | null {
  const help = offer.help?.toLowerCase() ?? ''
  return words.length > 2 && words.split(/\s+/).every((word) => help.includes(word))
    ? { score: EXPLAINED, places: [] }
    : null
}

function frameOffer(editor: Editor, frame: number): Offer {
  const last = editor.config.video.frame_count - 1
  const why = frame > last ? t('The last frame is {last}.', { last }) : ''
  return {
    id: 'frame',
    title: t('Go to frame {frame}', { frame }),
    places: [],
    group: t('Frames'),
    key: '',
    why,
    run: () => editor.step(frame - editor.session.frame.value),
  }
}

/** Tracks whose label or number begins with every word, by number: "car 12", "go to track 12", "12". */
function trackOffers(editor: Editor, words: string): Offer[] {
  const wanted = words
    .replace(/^go( to)?\s+|^(track|object)\s+|#/g, '')
    .replace(/^(track|object)\s+/, '')
    .split(/\s+/)
    .filter(Boolean)
  if (!wanted.length) return []
  const found: Offer[] = []
  const tracks = [...editor.store.records.tracks.value.values()].sort((a, b) => a.number - b.number)
  for (const track of tracks) {
    if (track.deleted || track.number < 1) continue
    const name = editor.label(track.label)?.name ?? t('object')
    if (!wanted.every((word) => name.toLowerCase().startsWith(word) || String(track.number).startsWith(word))) continue
    found.push({
      id: track.id,
      title: t('Go to {name} {number}', { name, number: track.number }),
      places: [],
      group: t('Tracks'),
      key: '',
      why: '',
      run: () => editor.visit(track.id),
    })
    if (found.length === MOST_TRACKS) break
  }
  return found
}
