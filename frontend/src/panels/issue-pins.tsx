import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { issuesOn, outlineOf, pinsOf } from '@/editor/issues/pins'

/** A small numbered mark for each issue on the frame, at its object or region. The list leads there by keyboard. */
export function IssuePins({ editor }: { editor: Editor }) {
  const frame = editor.session.frame.value
  const issues = editor.display.pins.value ? issuesOn(editor, frame) : []
  if (!issues.length && !editor.issues.writing.value) return null
  return <Pins editor={editor} frame={frame} />
}

function Pins({ editor, frame }: { editor: Editor; frame: number }) {
  // Objects move while they are dragged, and while a run goes on.
  editor.store.records.version.value
  editor.session.view.value
  const outline = outlineOf(editor, frame)
  const pins = editor.display.pins.value ? pinsOf(editor, issuesOn(editor, frame), frame) : []
  const read = editor.issues.selected.value
  // Who draws isn't kept from it.
  const aside = editor.session.tool.value !== 'select'
  return (
    <>
      {outline && (
        <div
          class="issue-outline"
          style={{
            transform: `translate(${outline[0]}px, ${outline[1]}px)`,
            width: `${outline[2] - outline[0]}px`,
            height: `${outline[3] - outline[1]}px`,
          }}
        />
      )}
      {pins.map(({ issue, at }) => (
        <button
          key={issue.id}
          type="button"
          class={`issue-pin ${issue.id === read ? 'read' : ''} ${aside ? 'aside' : ''}`}
          style={{ transform: `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px)` }}
          tabIndex={-1}
          title={`${issue.by_name}: ${issue.excerpt}`}
          aria-label={t('Issue {number}', { number: issue.number })}
          onClick={() => editor.issues.visit(issue.id)}
        >
          {issue.number}
        </button>
      ))}
    </>
  )
}
