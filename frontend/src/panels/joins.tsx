import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { laterFrame } from '@/editor/joins/joins'
import { nameOf } from '@/editor/objects/name'
import type { Proposal } from '@/store/joins'
import { trackColour } from '@/store/colours'
import type { BoxPx } from '@/store/types'
import { CloseButton } from './buttons'
import { cut } from './deleted-tracks'
import { WalkingList } from './walking-list'

const PAGE = 50
/** CSS px of a picture of an end. */
const SIZE: readonly [number, number] = [132, 108]

/** Proposed joins and swaps, beside the picture: both ends side by side, to walk through by keyboard. */
export function JoinsDrawer({ editor }: { editor: Editor }) {
  if (!editor.joins.isOpen.value) return null
  const close = () => {
    editor.joins.close()
    editor.focusPanel('stage')
  }
  return (
    <aside class="history inspection joins" aria-label={t('Proposed joins')}>
      <header class="panel-head">
        <h2>{t('Proposed joins')}</h2>
        <span class="spring" />
        <CloseButton label={t('Close the proposed joins')} onClick={close} />
      </header>
      <Summary editor={editor} />
      <WalkingList
        label={t('Proposed joins')}
        name="proposal"
        items={editor.store.joins.proposals.value}
        position={editor.joins.position.value}
        page={PAGE}
        keys={keysOf(editor, close)}
      >
        {(proposal, index) => <Row key={proposal.key} editor={editor} proposal={proposal} index={index} />}
      </WalkingList>
      <Foot editor={editor} />
    </aside>
  )
}

/** What keys do while the list has the focus. */
function keysOf(editor: Editor, onClose: () => void): Record<string, () => void> {
  const { joins } = editor
  return {
    ArrowDown: () => joins.step(1),
    ArrowUp: () => joins.step(-1),
    ArrowLeft: () => joins.look('before'),
    ArrowRight: () => joins.look('after'),
    Home: () => joins.visit(0),
    End: () => joins.visit(joins.list.length - 1),
    ' ': () => joins.playAround(),
    a: () => joins.accept(),
    d: () => joins.dismiss(),
    Enter: () => {
      joins.visit(Math.max(joins.position.value, 0))
      editor.focusPanel('stage')
    },
    Escape: onClose,
  }
}

/** How the search stands, what it looked at, and what was left out. */
function Summary({ editor }: { editor: Editor }) {
  const { joins } = editor.store
  const asking = joins.asking.value
  const latest = joins.latest.value
  const stale = latest?.state === 'cancelled' || (latest?.revision ?? 0) < editor.store.latest.value
  return (
    <div class="inspection-head">
      <div aria-live="polite">
        {asking && (
          <p>
            {latest?.state === 'running'
              ? t('Looking … {share} %', { share: Math.round(latest.progress * 100) })
              : t('Waiting for a jobs worker …')}
          </p>
        )}
        {joins.problem.value && <p class="error">{joins.problem.value}</p>}
        {latest?.state === 'cancelled' && <p class="warn">{t('The search was cancelled.')}</p>}
        {latest?.result && !asking && <Looked editor={editor} result={latest.result} />}
        {joins.outdated.value > 0 && !asking && (
          <p class="warn">
            {counted(
              joins.outdated.value,
              '{count} proposal went: its objects were changed since.',
              '{count} proposals went: their objects were changed since.',
            )}
          </p>
        )}
      </div>
      <div class="row">
        <label class="choice" title={t('Where nothing was seen, an accepted join moves in a straight line.')}>
          <input
            type="checkbox"
            checked={editor.joins.fills.value}
            onChange={(event) => (editor.joins.fills.value = event.currentTarget.checked)}
          />
          <span>{t('Fill gaps')}</span>
        </label>
        <span class="spring" />
        {asking ? (
          <button type="button" class="button" onClick={() => void joins.cancel()}>
            {t('Cancel')}
          </button>
        ) : (
          (stale || joins.problem.value) && (
            <button type="button" class="button" onClick={() => void editor.joins.propose()}>
              {t('Look again')}
            </button>
          )
        )}
      </div>
    </div>
  )
}

function Looked({
  editor,
  result,
}: {
  editor: Editor
  result: NonNullable<NonNullable<Editor['store']['joins']['latest']['value']>['result']>
}) {
  const { tracks, frame_tags: tags, frames_seen: seen, frames_wanted: wanted, problem } = result
  return (
    <>
      <p>
        {counted(tracks, '{count} object was compared', '{count} objects were compared')}{' '}
        {seen > 0 ? t('by where they go and by their colours.') : t('by where they go.')}{' '}
        {t('Only objects of one label become one.')}
        {tags > 0 && ` ${counted(tags, '{count} frame tag wasn’t.', '{count} frame tags weren’t.')}`}
        {result.compared_every > 1 &&
          ` ${t('Who meets whom was looked at on every {every}th frame.', { every: result.compared_every })}`}
      </p>
      {problem && (
        <p class="warn">
          {t('{seen} of {wanted} frames were looked at; of the rest nobody knows the colours.', { seen, wanted })}{' '}
          {problem}
        </p>
      )}
      {!editor.store.joins.proposals.value.length && <p>{t('There is nothing to propose.')}</p>}
    </>
  )
}

function Row({ editor, proposal, index }: { editor: Editor; proposal: Proposal; index: number }) {
  const { kind, tracks, frame, gap, sure, why } = proposal
  const [one, other] = [nameOf(editor, tracks[0]), nameOf(editor, tracks[1])]
  const swaps = kind === 'swap'
  return (
    <li
      id={`proposal-${index}`}
      role="option"
      class="finding proposal"
      aria-selected={editor.joins.position.value === index}
      onClick={() => editor.joins.visit(index)}
    >
      <span class="finding-title">
        {swaps ? t('Swap {one} and {other}', { one, other }) : t('Join {one} and {other}', { one, other })}{' '}
        <span class="grade">{t('{sure} % sure', { sure: Math.round(sure * 100) })}</span>
      </span>
      <span class="finding-where">
        {swaps
          ? t('from frame {frame} on', { frame })
          : t('frames {frame} and {later}', { frame, later: laterFrame(proposal) })}
        {!swaps && gap > 0 && ` · ${counted(gap, '{count} frame between', '{count} frames between')}`}
      </span>
      <span class="join-ends">
        {proposal.pictures.map(([which, at, ...box], place) => (
          <End key={place} editor={editor} track={tracks[which === 0 ? 0 : 1]} frame={at} box={box} />
        ))}
      </span>
      <span class="finding-words">{why.join(' ')}</span>
    </li>
  )
}

/** What an end looks like: cut out of its frame, with what surrounds it. */
function End({ editor, track, frame, box }: { editor: Editor; track: string; frame: number; box: BoxPx }) {
  const { video } = editor.config
  const { left, top, scale } = cut(box, SIZE)
  const known = editor.store.records.track(track)
  const place = (x: number, y: number) => ({ left: `${(x - left) * scale}px`, top: `${(y - top) * scale}px` })
  return (
    <span class="join-end">
      <span class="join-picture">
        <img
          src={video.frame_url.replace('{frame}', String(frame))}
          alt=""
          loading="lazy"
          style={{ width: `${video.width * scale}px`, height: `${video.height * scale}px`, ...place(0, 0) }}
        />
        <span
          class="join-box"
          style={{
            ...place(box[0], box[1]),
            width: `${(box[2] - box[0]) * scale}px`,
            height: `${(box[3] - box[1]) * scale}px`,
            ...(known ? { borderColor: trackColour(editor.config, known) } : {}),
          }}
        />
      </span>
      <span class="join-caption">{t('{name}, frame {frame}', { name: nameOf(editor, track), frame })}</span>
    </span>
  )
}

/** Below the list: what can be done with the one that is looked at, the keys, and what isn't listed. */
function Foot({ editor }: { editor: Editor }) {
  const { joins } = editor
  const { latest, proposals } = editor.store.joins
  const dismissed = latest.value?.dismissed.length ?? 0
  const hidden = latest.value?.result?.left_out ?? 0
  const at = joins.proposal
  return (
    <footer class="inspection-foot">
      {proposals.value.length > 0 && (
        <div class="row">
          <button type="button" class="button primary" disabled={!at} onClick={() => joins.accept()}>
            {at?.kind === 'swap' ? t('Swap') : t('Join')}
          </button>
          <button type="button" class="button" disabled={!at} onClick={() => joins.dismiss()}>
            {t('Dismiss')}
          </button>
        </div>
      )}
      {hidden > 0 && (
        <p>{counted(hidden, '{count} less sure one isn’t listed.', '{count} less sure ones aren’t listed.')}</p>
      )}
      {dismissed > 0 && (
        <p>
          {counted(dismissed, '{count} was dismissed.', '{count} were dismissed.')}{' '}
          <button type="button" class="link" onClick={() => void joins.restore()}>
            {t('Propose again')}
          </button>
        </p>
      )}
      {proposals.value.length > 0 && (
        <p class="muted">
          <kbd>↑</kbd> <kbd>↓</kbd> {t('walk')} · <kbd>←</kbd> <kbd>→</kbd> {t('its ends')} · <kbd>{t('Space')}</kbd>{' '}
          {t('play around it')} · <kbd>A</kbd> {t('accept')} · <kbd>D</kbd> {t('dismiss')} · <kbd>{t('Enter')}</kbd>{' '}
          {t('go and edit')} · {t('{next} from anywhere', { next: editor.keymap.shown('inspection.next') })}
        </p>
      )}
    </footer>
  )
}
