import { t } from '@/core/text'
import { clock } from '@/core/times'
import { SPEEDS } from '@/editor/time/playback'
import type { Editor } from '@/editor/editor'
import { CommandButton } from './buttons'
import { DisplayMenu } from './display-menu'
import { useTyped } from './typed'

/** Play, step, jump, and where one is. */
export function Transport({ editor }: { editor: Editor }) {
  const { session, config } = editor
  const { frame, playing, speed } = session
  return (
    <div class="transport">
      <CommandButton editor={editor} id="keyframe.previous" icon="keyPrevious" />
      <CommandButton editor={editor} id="frame.previous" icon="previous" />
      <CommandButton
        editor={editor}
        id="playback.backward"
        icon={playing.value && speed.value < 0 ? 'pause' : 'playBack'}
        pressed={playing.value && speed.value < 0}
      />
      <CommandButton
        editor={editor}
        id="playback.toggle"
        icon={playing.value && speed.value > 0 ? 'pause' : 'play'}
        pressed={playing.value && speed.value > 0}
      />
      <CommandButton editor={editor} id="frame.next" icon="next" />
      <CommandButton editor={editor} id="keyframe.next" icon="keyNext" />
      <CommandButton editor={editor} id="playback.loop" icon="loop" pressed={session.loop.value} />
      <label class="frame-field">
        <span class="sr-only">{t('Frame')}</span>
        <FrameField editor={editor} />
        <span class="muted">{t('of {last}', { last: config.video.frame_count - 1 })}</span>
      </label>
      <span class="time" title={t('Time at the video’s mean rate')}>
        {clock(frame.value / config.video.fps)}
      </span>
      <label class="speed">
        <span class="sr-only">{t('Speed')}</span>
        <select
          value={Math.abs(speed.value)}
          onChange={(event) => (speed.value = Number(event.currentTarget.value) * Math.sign(speed.value))}
        >
          {SPEEDS.map((value) => (
            <option key={value} value={value}>
              {value}×
            </option>
          ))}
        </select>
      </label>
      <span class="spring" />
      <PreparationLine editor={editor} />
      <DisplayMenu editor={editor} />
      <CommandButton editor={editor} id="view.fit" icon="fit" />
    </div>
  )
}

/** How far the copy is that makes seeking quick, while there is none. */
function FrameField({ editor }: { editor: Editor }) {
  const { frame } = editor.session
  const typed = useTyped(String(frame.value), (input) => {
    const wanted = input.valueAsNumber
    if (Number.isFinite(wanted)) editor.step(wanted - frame.value)
    input.value = String(frame.value)
  })
  return (
    <input
      {...typed}
      id="frame-field"
      type="number"
      title={t('Frame ({key})', { key: editor.keymap.shown('frame.go-to') })}
      min={0}
      max={editor.config.video.frame_count - 1}
      onFocus={(event) => event.currentTarget.select()}
    />
  )
}

function PreparationLine({ editor }: { editor: Editor }) {
  const { proxy, share } = editor.preparation.value
  if (proxy === 'ready' || proxy === 'unneeded') return null
  const lines = {
    waiting: t('Quick seeking: waiting'),
    making: t('Quick seeking: {percent} %', { percent: Math.round(share * 100) }),
    failed: t('No quick seeking'),
  }
  const titles = {
    waiting: t('Every frame can be worked with. A copy of the video that seeks quickly waits for its turn.'),
    making: t('Every frame can be worked with. A copy of the video that seeks quickly is being made.'),
    failed: t('Every frame can be worked with. The copy that seeks quickly failed; the video’s card says why.'),
  }
  return (
    <span class="muted" data-preparation title={titles[proxy]}>
      {lines[proxy]}
    </span>
  )
}
