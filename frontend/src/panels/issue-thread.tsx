import { useSignal } from '@preact/signals'
import { t } from '@/core/text'
import { ago, exactly } from '@/core/times'
import type { Editor } from '@/editor/editor'
import { isObjectGone, piecesOf, placeInWords } from '@/editor/issues/words'
import { NEW } from '@/store/drafts'
import type { Comment, Issue } from '@/store/issues'
import { IconButton } from './buttons'
import { CommentField } from './comment-field'
import { Icon } from './icons'

/** A new issue, at the place where it was begun; what is typed is kept until it is sent or discarded. */
export function NewIssue({ editor }: { editor: Editor }) {
  const { issues, drafts } = { issues: editor.store.issues, drafts: editor.store.issues.drafts }
  const draft = drafts.all.value[NEW]
  if (!draft?.opens) return null
  const { place } = draft.opens
  const send = () => void editor.issues.send()
  return (
    <section class="thread" aria-label={t('New comment')}>
      <p class="thread-place">
        {t('On {place}', { place: placeInWords(editor, place) })}
        {place.track !== null && isObjectGone(editor, place) && ` ${t('(deleted)')}`}
      </p>
      <button type="button" class="thread-place" onClick={() => editor.useTool('comment')}>
        {place.region && place.track === null ? t('Draw another region') : t('Draw a region instead')}{' '}
        <kbd>{editor.keymap.shown('tool.comment')}</kbd>
      </button>
      <CommentField
        id="new-comment"
        label={t('New comment')}
        text={draft.text}
        people={issues.people.value}
        focused
        onText={(text) => drafts.write(NEW, text)}
        onSend={send}
        onLeave={() => editor.focusPanel('stage')}
      />
      <Problem editor={editor} typed={draft.text} />
      <div class="row end">
        <button type="button" class="button" onClick={() => editor.issues.discard()}>
          {t('Discard')}
        </button>
        <SendButton editor={editor} text={draft.text} label={t('Comment')} onSend={send} />
      </div>
    </section>
  )
}

/** An issue: where it is, what was said, and a field to answer in. */
export function IssueThread({ editor, issue }: { editor: Editor; issue: Issue }) {
  const { issues } = editor.store
  const comments = issues.comments.value
  const gone = isObjectGone(editor, issue)
  return (
    <section class="thread" aria-label={t('Issue {number}', { number: issue.number })}>
      <div class="thread-head">
        <button type="button" class="thread-place" onClick={() => editor.issues.visit(issue.id)}>
          {placeInWords(editor, issue)}
        </button>
        {gone && <p class="warn">{t('Its object was deleted. Undo, or the history, brings it back.')}</p>}
        {issue.resolved && (
          <p class="muted">
            {issue.resolved_by
              ? t('Resolved by {name} {ago}', { name: issue.resolved_by, ago: agoOf(issue.resolved_at) })
              : t('Resolved')}
          </p>
        )}
      </div>
      <ol class="comments" aria-label={t('Comments')} aria-live="polite">
        {comments === null && !issues.problem.value && <li class="muted">{t('Loading …')}</li>}
        {comments?.map((comment) => (
          <Said key={comment.id} editor={editor} issue={issue} comment={comment} />
        ))}
      </ol>
      <Answer editor={editor} issue={issue} />
    </section>
  )
}

function Answer({ editor, issue }: { editor: Editor; issue: Issue }) {
  const { issues } = editor.store
  const { drafts } = issues
  const text = drafts.all.value[issue.id]?.text ?? ''
  const archived = editor.config.archived || editor.session.gone.value !== null
  // The button has nothing to send then, and would take the focus with it.
  const send = async () => {
    if (await issues.reply(issue.id)) editor.focusPanel('answer')
  }
  const settle = async () => {
    // What was typed is said before.
    if (text.trim() && !(await issues.reply(issue.id))) return
    await issues.settle(issue.id, !issue.resolved)
  }
  return (
    <div class="answer">
      {!archived && (
        <CommentField
          id="answer"
          first
          label={t('Answer')}
          text={text}
          people={issues.people.value}
          onText={(typed) => drafts.write(issue.id, typed)}
          onSend={() => void send()}
          onLeave={() => editor.focusPanel('stage')}
        />
      )}
      <Problem editor={editor} typed={text} />
      {!archived && (
        <div class="row end">
          {editor.issues.maySettle(issue) && (
            <button type="button" class="button" onClick={() => void settle()}>
              {issue.resolved ? t('Reopen') : t('Resolve')}
            </button>
          )}
          <SendButton editor={editor} text={text} label={t('Answer')} onSend={() => void send()} />
        </div>
      )}
    </div>
  )
}

interface SendProps {
  readonly editor: Editor
  readonly text: string
  readonly label: string
  readonly onSend: () => void
}

function SendButton({ editor, text, label, onSend }: SendProps) {
  return (
    <button
      type="button"
      class="button primary"
      title={t('Ctrl Enter')}
      disabled={!text.trim() || editor.store.issues.sending.value}
      onClick={onSend}
    >
      {label}
    </button>
  )
}

/** Why something isn’t on the server; what was typed is still there. */
function Problem({ editor, typed }: { editor: Editor; typed: string }) {
  const problem = editor.store.issues.problem.value
  return (
    <p class="error" role="alert" hidden={!problem}>
      {problem && typed.trim() ? t('{problem} What you typed is kept here.', { problem }) : problem}
    </p>
  )
}

function Said({ editor, issue, comment }: { editor: Editor; issue: Issue; comment: Comment }) {
  const { issues } = editor.store
  const { drafts } = issues
  const changed = drafts.all.value[comment.id]
  const asking = useSignal(false)
  const mine = comment.by === editor.config.user.id
  const open = !editor.config.archived && editor.session.gone.value === null && !comment.deleted
  const save = async () => {
    const text = drafts.of(comment.id)?.text ?? ''
    if (text.trim() && (await issues.change(comment.id, text))) drafts.drop(comment.id)
  }
  return (
    <li class="comment">
      <div class="comment-head">
        <span class="dot" style={{ '--person': comment.by_colour || 'var(--muted)' }} aria-hidden="true" />
        <strong>{comment.by_name || t('Somebody who is gone')}</strong>
        <span class="muted" title={exactly(Date.parse(comment.at))}>
          {agoOf(comment.at)}
          {comment.edited_at !== null && !comment.deleted && ` · ${t('edited')}`}
        </span>
        <span class="spring" />
        {open && mine && !changed && (
          <IconButton
            icon="pencil"
            label={t('Edit this comment')}
            onClick={() => drafts.write(comment.id, comment.text)}
          />
        )}
        {open && (mine || editor.config.can_manage) && (
          <IconButton icon="trash" label={t('Delete this comment')} onClick={() => (asking.value = true)} />
        )}
      </div>
      {changed ? (
        <>
          <CommentField
            id={`edit-${comment.id}`}
            label={t('Edit this comment')}
            text={changed.text}
            people={issues.people.value}
            focused
            onText={(text) => drafts.write(comment.id, text || ' ')}
            onSend={() => void save()}
            onLeave={() => drafts.drop(comment.id)}
          />
          <div class="row end">
            <button type="button" class="button" onClick={() => drafts.drop(comment.id)}>
              {t('Cancel')}
            </button>
            <SendButton editor={editor} text={changed.text} label={t('Save')} onSend={() => void save()} />
          </div>
        </>
      ) : (
        <Text comment={comment} />
      )}
      {asking.value && (
        <div class="row end" role="group" aria-label={t('Delete this comment?')}>
          <span>{issue.comments > 1 ? t('Delete this comment?') : t('Delete it, and the issue with it?')}</span>
          <span class="spring" />
          <button type="button" class="button" onClick={() => (asking.value = false)}>
            {t('Keep')}
          </button>
          <button
            type="button"
            class="button danger"
            onClick={() => {
              asking.value = false
              void issues.remove(issue.id, comment.id)
            }}
          >
            {t('Delete')}
          </button>
        </div>
      )}
    </li>
  )
}

function Text({ comment }: { comment: Comment }) {
  if (comment.deleted) return <p class="muted">{t('This comment was deleted.')}</p>
  return (
    <p class="comment-text">
      {piecesOf(comment).map(({ text, user }, index) =>
        user === null ? (
          text
        ) : (
          <strong key={index} class="call">
            {text}
          </strong>
        ),
      )}
    </p>
  )
}

export const agoOf = (at: string | null): string => (at === null ? '' : ago(Date.parse(at), Date.now()))

/** The sign of an issue: its number, as on its pin. */
export function IssueSign({ issue }: { issue: Issue }) {
  return (
    <span class={`issue-sign ${issue.resolved ? 'resolved' : ''}`} aria-hidden="true">
      {issue.resolved ? <Icon name="check" /> : issue.number}
    </span>
  )
}
