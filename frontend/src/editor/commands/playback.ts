import { t } from '@/core/text'
import type { Command } from '@/editor/command'
import type { Editor } from '@/editor/editor'
import { SPEEDS } from '@/editor/time/playback'

const look = { group: 'Playback', undoable: false } as const

/** Tracks whose keyframes count: the selected ones, or all. */
function tracksInQuestion(editor: Editor): string[] {
  const selected = editor.selected()
  return selected.length ? selected : [...editor.store.records.tracks.value.keys()]
}

function jump(editor: Editor, frame: number | null, what = 'keyframe'): void {
  if (frame === null) editor.session.tell(t('There is no {what} in that direction.', { what: t(what) }))
  else editor.step(frame - editor.session.frame.value)
}

function faster(editor: Editor, by: number): void {
  const { speed } = editor.session
  const index = SPEEDS.indexOf(Math.abs(speed.value) as (typeof SPEEDS)[number])
  speed.value = SPEEDS[Math.min(Math.max(index + by, 0), SPEEDS.length - 1)]! * Math.sign(speed.value)
}

export const PLAYBACK: readonly Command[] = [
  {
    ...look,
    id: 'playback.toggle',
    label: 'Play or pause',
    help: 'Plays at the chosen speed, or pauses.',
    keys: ['Space'],
    run: (editor) => editor.playback?.toggle(),
  },
  {
    ...look,
    id: 'playback.backward',
    label: 'Play backward',
    help: 'Plays toward the beginning, or pauses.',
    keys: ['Shift+Space'],
    run: (editor) => editor.playback?.toggleBackward(),
  },
  {
    ...look,
    id: 'playback.loop',
    label: 'Loop',
    help: 'Plays the chosen range over and over, or all there is.',
    keys: ['Alt+L'],
    run: ({ session: { loop } }) => (loop.value = !loop.value),
  },
  {
    ...look,
    id: 'frame.go-to',
    label: 'Go to frame …',
    help: 'Puts the cursor into the field of the frame; Enter goes there.',
    keys: ['`', 'Ctrl+G'],
    run: (editor) => editor.focusPanel('frame-field'),
  },
  {
    ...look,
    id: 'frame.next',
    label: 'Next frame',
    help: 'Goes one frame on.',
    keys: ['F', 'ArrowRight'],
    run: (editor) => editor.step(1),
  },
  {
    ...look,
    id: 'frame.previous',
    label: 'Previous frame',
    help: 'Goes one frame back.',
    keys: ['D', 'ArrowLeft'],
    run: (editor) => editor.step(-1),
  },
  {
    ...look,
    id: 'frame.forward-10',
    label: '10 frames on',
    help: 'Goes ten frames on.',
    keys: ['V', 'Shift+ArrowRight'],
    run: (editor) => editor.step(10),
  },
  {
    ...look,
    id: 'frame.back-10',
    label: '10 frames back',
    help: 'Goes ten frames back.',
    keys: ['C', 'Shift+ArrowLeft'],
    run: (editor) => editor.step(-10),
  },
  {
    ...look,
    id: 'frame.first',
    label: 'First frame',
    help: 'Of the job, or of the video.',
    keys: ['Home'],
    run: (editor) => editor.step(editor.bounds[0] - editor.session.frame.value),
  },
  {
    ...look,
    id: 'frame.last',
    label: 'Last frame',
    help: 'Of the job, or of the video.',
    keys: ['End'],
    run: (editor) => editor.step(editor.bounds[1] - editor.session.frame.value),
  },
  {
    ...look,
    id: 'keyframe.next',
    label: 'Next keyframe',
    help: 'Of the selected tracks, or of any.',
    keys: ['R'],
    run: (editor) =>
      jump(editor, editor.store.queries.nextKeyframe(tracksInQuestion(editor), editor.session.frame.value)),
  },
  {
    ...look,
    id: 'keyframe.previous',
    label: 'Previous keyframe',
    help: 'Of the selected tracks, or of any.',
    keys: ['E'],
    run: (editor) =>
      jump(editor, editor.store.queries.previousKeyframe(tracksInQuestion(editor), editor.session.frame.value)),
  },
  {
    ...look,
    id: 'doubtful.next',
    label: 'Next doubtful frame',
    help: 'Where the next doubtful predictions begin, of the selected tracks or of any.',
    synonyms: 'review uncertain low confidence',
    keys: ['Shift+R'],
    run: (editor) =>
      jump(
        editor,
        editor.store.queries.nextDoubtful(tracksInQuestion(editor), editor.session.frame.value),
        'doubtful frame',
      ),
  },
  {
    ...look,
    id: 'doubtful.previous',
    label: 'Previous doubtful frame',
    help: 'Where the doubtful predictions before this frame begin, of the selected tracks or of any.',
    synonyms: 'review uncertain low confidence',
    keys: ['Shift+E'],
    run: (editor) =>
      jump(
        editor,
        editor.store.queries.previousDoubtful(tracksInQuestion(editor), editor.session.frame.value),
        'doubtful frame',
      ),
  },
  {
    ...look,
    id: 'playback.faster',
    label: 'Faster',
    help: 'Plays at the next higher speed.',
    keys: ['.'],
    run: (editor) => faster(editor, 1),
  },
  {
    ...look,
    id: 'playback.slower',
    label: 'Slower',
    help: 'Plays at the next lower speed.',
    keys: [','],
    run: (editor) => faster(editor, -1),
  },
]
