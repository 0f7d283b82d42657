import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { LISTS, type List } from '@/editor/issues/issues'
import { isObjectGone, placeInWords } from '@/editor/issues/words'
import { NEW } from '@/store/drafts'
import type { Issue } from '@/store/issues'
import { CloseButton, CommandButton, IconButton } from './buttons'
import { agoOf, IssueSign, IssueThread, NewIssue } from './issue-thread'

/** Of a long list so many are drawn at once; scrolling to the end draws more. */
const PAGE = 100
const NAMES: Record<List, string> = { open: 'Open', resolved: 'Resolved', mine: 'Mine' }
const NONE: Record<List, string> = {
  open: 'Nobody has said anything here that is still open.',
  resolved: 'Nothing is resolved yet.',
  mine: 'Nothing open was said by you or to you.',
}

/** What people say about this video, beside the picture: a list, and one issue of it with its comments. */
export function IssuesDrawer({ editor }: { editor: Editor }) {
  const { issues } = editor
  if (!issues.shown.value) return null
  const { current } = issues
  const writing = issues.writing.value && editor.store.issues.drafts.all.value[NEW] !== undefined
  const close = () => {
    issues.hide()
    editor.focusPanel('stage')
  }
  const escape = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    if (current || writing) issues.back()
    else close()
  }
  const title = writing ? t('New comment') : current ? t('Issue {number}', { number: current.number }) : t('Comments')
  return (
    <aside class="history issues" aria-label={t('Comments')} onKeyDown={escape}>
      <header class="panel-head">
        {(current ?? writing) && <IconButton icon="back" label={t('Back to the list')} onClick={() => issues.back()} />}
        <h2>{title}</h2>
        <span class="spring" />
        <CloseButton label={t('Close the comments')} onClick={close} />
      </header>
      {writing ? (
        <NewIssue editor={editor} />
      ) : current ? (
        <IssueThread key={current.id} editor={editor} issue={current} />
      ) : (
        <IssueList editor={editor} onClose={close} />
      )}
    </aside>
  )
}

function IssueList({ editor, onClose }: { editor: Editor; onClose: () => void }) {
  const { issues } = editor
  const list = useRef<HTMLUListElement>(null)
  const at = useSignal(0)
  const drawn = useSignal(PAGE)
  const listed = issues.listed.value
  const here = Math.min(at.value, listed.length - 1)
  useEffect(() => {
    if (here >= drawn.value) drawn.value = here + PAGE
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [here])
  const press = (event: KeyboardEvent) => {
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: listed.length - 1 }[event.key]
    if (event.ctrlKey || event.altKey || event.metaKey) return
    if (to !== undefined) at.value = Math.min(Math.max(to, 0), listed.length - 1)
    else if (event.key === 'Enter' && listed[here]) {
      issues.visit(listed[here].id)
      editor.focusPanel('history')
    } else if (event.key === 'Escape') onClose()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const more = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: { currentTarget: HTMLElement }) => {
    if (scrollTop + 2 * clientHeight > scrollHeight && drawn.value < listed.length) drawn.value += PAGE
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={t('Which issues')}>
        {LISTS.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            class="tab"
            aria-selected={issues.list.value === each}
            onClick={() => {
              issues.list.value = each
              at.value = 0
            }}
          >
            {t(NAMES[each])} ({issues.count(each)})
          </button>
        ))}
      </div>
      <Draft editor={editor} />
      {listed.length > 0 ? (
        <ul
          ref={list}
          class="finding-list"
          role="listbox"
          tabIndex={0}
          data-first
          aria-label={t('Issues')}
          aria-activedescendant={`issue-${here}`}
          onKeyDown={press}
          onScroll={more}
        >
          {listed.slice(0, drawn.value).map((issue, index) => (
            <Row key={issue.id} editor={editor} issue={issue} index={index} selected={index === here} />
          ))}
        </ul>
      ) : (
        <p class="muted none">{editor.store.issues.problem.value || t(NONE[issues.list.value])}</p>
      )}
      <footer class="inspection-foot row">
        <CommandButton editor={editor} id="issue.add" text={t('Add a comment')} />
        <span class="spring" />
        <CommandButton editor={editor} id="view.pins" icon="pin" pressed={editor.display.pins.value} />
      </footer>
    </>
  )
}

/** What was begun and not sent: after a reload, say. */
function Draft({ editor }: { editor: Editor }) {
  const draft = editor.store.issues.drafts.all.value[NEW]
  if (!draft?.text.trim()) return null
  return (
    <div class="unsent-draft">
      <span class="muted">{t('Not sent: “{text}”', { text: draft.text.slice(0, 60) })}</span>
      <button type="button" class="button" onClick={() => editor.issues.goOnWriting()}>
        {t('Go on writing')}
      </button>
    </div>
  )
}

interface RowProps {
  readonly editor: Editor
  readonly issue: Issue
  readonly index: number
  readonly selected: boolean
}

function Row({ editor, issue, index, selected }: RowProps) {
  const answers = issue.comments - 1
  return (
    <li
      id={`issue-${index}`}
      role="option"
      class="finding issue"
      aria-selected={selected}
      onClick={() => editor.issues.visit(issue.id)}
    >
      <IssueSign issue={issue} />
      <span class="issue-body">
        <span class="finding-where">
          {placeInWords(editor, issue)}
          {isObjectGone(editor, issue) && ` ${t('(deleted)')}`}
        </span>
        <span class="finding-words">{issue.excerpt}</span>
        <span class="finding-where">
          {issue.by_name || t('Somebody who is gone')} · {agoOf(issue.latest_at)}
          {answers > 0 && ` · ${counted(answers, '{count} answer', '{count} answers')}`}
        </span>
      </span>
    </li>
  )
}
